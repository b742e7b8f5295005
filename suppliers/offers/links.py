"""Offer links: decide which SKUs of product pages are linked, disputed or new products.

``matching`` has the rule. The supplier that a product was created from describes it; pages of
other suppliers do not change its texts, numbers and pictures.

A linked offer stays linked until its GTIN contradicts the variant. Then it is disputed:
unlinked and on hold, until the rule names the same variant again or staff decide. The rule
never links it to another variant, because open purchase orders may contain its SKU. A link by
staff stays (``variant`` in ``overridden_fields``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from typing import Final

from catalog.product_import import identifiers
from catalog.records import ImportIssue, ProductRecord, VariantRecord
from suppliers.models import Supplier, SupplierOffer
from suppliers.offers import matching
from suppliers.offers.matching import Match
from suppliers.offers.owners import find_owners, stated_gtins

CONTRADICTS_PART: Final = "gtin-contradicts-mpn"
CONTRADICTS_LINK: Final = "gtin-contradicts-link"
NOT_MATCHED: Final = "sku-not-matched"
CODES: Final = (CONTRADICTS_PART, CONTRADICTS_LINK, NOT_MATCHED)
MESSAGES: Final = {
    CONTRADICTS_PART: (
        "The part number belongs to a variant in the catalog, but the GTIN {gtin} does"
        " not. The offer stays on hold until one of them is corrected, or staff link"
        " it."
    ),
    CONTRADICTS_LINK: (
        "The supplier now states another GTIN ({gtin}) than the matched variant has."
        " The offer is unlinked and on hold until the supplier corrects it, or staff"
        " link it."
    ),
    NOT_MATCHED: (
        "The product is in the catalog, but not in this version. The offer stays on"
        " hold until staff link it."
    ),
}


@dataclass(slots=True, kw_only=True)
class Links:
    """The decisions about the SKUs of some product pages.

    Shape: ``own`` are records, or parts of them, that create or change the supplier's own
        products; ``known`` maps SKUs to the linked variants, ``linked`` those of other
        suppliers' products; ``disputed`` maps SKUs to the variant that their GTIN contradicts
    """

    own: list[ProductRecord] = field(default_factory=list)
    known: dict[str, int] = field(default_factory=dict)
    linked: dict[str, int] = field(default_factory=dict)
    disputed: dict[str, int] = field(default_factory=dict)
    problems: list[ImportIssue] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class _EarlierDecisions:
    """Earlier decisions. ``fixed`` links were made by staff; ``refused`` SKUs are ignored."""

    known: dict[str, int] = field(default_factory=dict)
    fixed: set[str] = field(default_factory=set)
    disputed: dict[str, int] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    to_make: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, supplier: Supplier, skus: Sequence[str]) -> _EarlierDecisions:
        found = cls()
        offers = SupplierOffer.objects.filter(supplier=supplier, supplier_sku__in=skus)
        for offer in offers.only(
            "supplier_sku", "variant", "disputed_variant", "overridden_fields"
        ):
            sku, is_fixed = offer.supplier_sku, SupplierOffer.LINK in offer.overridden_fields
            if offer.variant_id is not None:
                found.known[sku] = offer.variant_id
                found.fixed |= {sku} if is_fixed else set()
            elif is_fixed:
                (found.refused if "status" in offer.overridden_fields else found.to_make).add(sku)
            elif offer.disputed_variant_id is not None:
                found.disputed[sku] = offer.disputed_variant_id
        return found


def decide_links(*, supplier: Supplier, records: Sequence[ProductRecord]) -> Links:
    """Decide about the SKUs of these pages. Nothing is written."""
    skus = [variant.sku for record in records for variant in record.variants]
    offers = _EarlierDecisions.of(supplier, skus)
    own_skus = offers.to_make | identifiers.find_variant_ids(skus=skus, source=supplier.code).keys()
    made: list[ProductRecord] = []
    others: list[ProductRecord] = []
    for record in records:
        own, other = _split_page(record, own_skus, offers)
        made += [own] if own.variants else []
        others += [other] if other.variants else []
    result = _match_with_all(supplier, others, offers)
    result.own[:0] = made
    return result


def _split_page(
    record: ProductRecord, own_skus: AbstractSet[str], offers: _EarlierDecisions
) -> tuple[ProductRecord, ProductRecord]:
    """Split a page into SKUs of the supplier's own product and SKUs to match with all products.

    A new SKU of an own product is a new version of that product.
    """
    wanted = [each for each in record.variants if each.sku not in offers.refused]
    elsewhere = {each.sku for each in wanted} - own_skus
    if len(elsewhere) < len(wanted):
        elsewhere &= offers.known.keys() | offers.disputed.keys()
    own = tuple(each for each in wanted if each.sku not in elsewhere)
    rest = tuple(each for each in wanted if each.sku in elsewhere)
    return replace(record, variants=own), replace(record, variants=rest)


def _match_with_all(
    supplier: Supplier, records: Sequence[ProductRecord], offers: _EarlierDecisions
) -> Links:
    result = Links(known=dict(offers.known), disputed=dict(offers.disputed))
    claimed = {record.external_id: matching.sku_identifiers(record) for record in records}
    owners = find_owners(
        supplier=supplier, claims=[each for claims in claimed.values() for each in claims]
    )
    gtins = stated_gtins(offers.known.values())
    for claim in (each for claims in claimed.values() for each in claims):
        pk = offers.known.get(claim.sku)
        if pk is None or claim.sku in offers.fixed:
            continue
        if matching.is_contradicted(claim, owners, variant_id=pk, gtins=gtins.get(pk, ())):
            result.disputed[claim.sku] = result.known.pop(claim.sku)
    matches = {
        external_id: matching.match(claims, owners) for external_id, claims in claimed.items()
    }
    claimants = Counter(pk for found in matches.values() for pk in found.linked.values())
    for record in records:
        found = matches[record.external_id]
        if any(claimants[pk] > 1 for pk in found.linked.values()):
            found = Match()  # if two products claim one variant, neither is linked
        if not found and not _has_any(record, {**result.known, **result.disputed}):
            result.own.append(record)
            continue
        _link(record, found, result)
    return result


def _has_any(record: ProductRecord, found: Mapping[str, int]) -> bool:
    return any(variant.sku in found for variant in record.variants)


def _link(record: ProductRecord, found: Match, result: Links) -> None:
    """Link certain matches; report the other SKUs, whose offers stay on hold for staff."""
    was_linked = result.disputed.keys() - found.contradicted.keys()
    for variant in record.variants:
        sku = variant.sku
        pk = result.known.get(sku, found.linked.get(sku))
        if pk is not None and result.disputed.get(sku, pk) == pk:
            result.linked[sku] = pk
            result.disputed.pop(sku, None)
        elif sku in was_linked:
            result.problems.append(_problem(CONTRADICTS_LINK, variant))
        elif sku in found.contradicted:
            result.disputed[sku] = found.contradicted[sku]
            result.problems.append(_problem(CONTRADICTS_PART, variant))
        else:
            result.problems.append(_problem(NOT_MATCHED, variant))


def _problem(code: str, variant: VariantRecord) -> ImportIssue:
    return ImportIssue(
        row=variant.sku,
        code=code,
        message=MESSAGES[code].format(gtin=variant.gtin[:20] or "—"),
        raw={"gtin": variant.gtin[:100], "mpn": variant.mpn[:100]},
    )
