"""Offer links: decide which SKUs of product pages are linked, disputed or new products.

``matching`` has the rule. Texts, numbers and images of a product come from the supplier that
created it; pages of other suppliers do not change them. They add variants: SKUs of a page whose
other SKUs are linked (``joining``).

A linked offer stays linked until its GTIN contradicts the variant. Then it is disputed:
unlinked and on hold, until the rule names the same variant again or staff decide. The rule
never links it to another variant, because open purchase orders may contain its SKU. A link by
staff stays (``variant`` in ``overridden_fields``). A doubtful SKU is disputed, too, and
``matches.review`` asks staff. The issue of each such SKU holds what the supplier states.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final, Self

from catalog.attributes.normalization import normalize
from catalog.models.families import cached_families
from catalog.product_import import identifiers
from catalog.records import ImportIssue, ProductRecord, VariantRecord
from suppliers.models import Supplier, SupplierOffer
from suppliers.offers import identity, joining, matching
from suppliers.offers.identity import Outcome, Verdict
from suppliers.offers.joining import LinkedPage
from suppliers.offers.matching import Match
from suppliers.offers.owners import find_namesakes, find_owners, stated_gtins

CONTRADICTS_PART: Final = "gtin-contradicts-mpn"
CONTRADICTS_LINK: Final = "gtin-contradicts-link"
NOT_MATCHED: Final = "sku-not-matched"
UNKNOWN: Final = Verdict(outcome=Outcome.NEW)
UNCERTAIN: Final = Verdict(
    outcome=Outcome.DOUBTFUL, confidence=Decimal("0.60"), contradictions=frozenset({"identifiers"})
)
GTIN_CHANGED: Final = replace(UNCERTAIN, contradictions=frozenset({"gtin"}))
DOUBTFUL: Final = "match-doubtful"
CODES: Final = (CONTRADICTS_PART, CONTRADICTS_LINK, NOT_MATCHED, DOUBTFUL)
ONLY_TITLES: Final = "only their titles agree, or the brand is missing"
MESSAGES: Final = {
    CONTRADICTS_PART: (
        "The part number belongs to a variant in the catalog, but the GTIN {gtin} does not. The"
        " offer stays on hold until one of them is corrected, or staff link it."
    ),
    CONTRADICTS_LINK: (
        "The supplier now states another GTIN ({gtin}) than the matched variant has. The offer is"
        " unlinked and on hold until the supplier corrects it, or staff link it."
    ),
    DOUBTFUL: (
        "The product may be a variant in the catalog, but that is not certain: {reason}. The offer"
        " stays on hold until staff decide."
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
        products; ``earlier_links`` maps SKUs to the variants linked before; ``matched_links`` maps
        SKUs of all other products to variants of other suppliers' products; ``disputed`` maps SKUs
        to the variant that they may be, although something contradicts it; ``joined`` maps ids of
        supplier products in ``own`` to the products that get their SKUs as new variants
    """

    own: list[ProductRecord] = field(default_factory=list)
    earlier_links: dict[str, int] = field(default_factory=dict)
    matched_links: dict[str, int] = field(default_factory=dict)
    disputed: dict[str, int] = field(default_factory=dict)
    joined: dict[str, int] = field(default_factory=dict)
    problems: list[ImportIssue] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class _EarlierDecisions:
    """Earlier decisions. ``fixed`` links were made by staff; ``refused`` SKUs are ignored."""

    earlier_links: dict[str, int] = field(default_factory=dict)
    fixed: set[str] = field(default_factory=set)
    disputed: dict[str, int] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    to_create: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, supplier: Supplier, skus: Sequence[str]) -> Self:
        decisions = cls()
        offers = SupplierOffer.objects.filter(supplier=supplier, supplier_sku__in=skus)
        for offer in offers.only(
            "supplier_sku", "variant", "disputed_variant", "overridden_fields"
        ):
            sku, is_fixed = offer.supplier_sku, SupplierOffer.LINK in offer.overridden_fields
            if offer.variant_id is not None:
                decisions.earlier_links[sku] = offer.variant_id
                decisions.fixed |= {sku} if is_fixed else set()
            elif is_fixed:
                (
                    decisions.refused
                    if "status" in offer.overridden_fields
                    else decisions.to_create
                ).add(sku)
            elif offer.disputed_variant_id is not None:
                decisions.disputed[sku] = offer.disputed_variant_id
        return decisions


def decide_links(*, supplier: Supplier, records: Sequence[ProductRecord]) -> Links:
    """Decide about the SKUs of these pages. Nothing is written."""
    skus = [variant.sku for record in records for variant in record.variants]
    offers = _EarlierDecisions.of(supplier, skus)
    own_skus = (
        offers.to_create | identifiers.find_variant_ids(skus=skus, source=supplier.code).keys()
    )
    own_records: list[ProductRecord] = []
    records_to_match: list[ProductRecord] = []
    for record in records:
        own, other = _split_page(record, own_skus, offers)
        own_records += [own] if own.variants else []
        records_to_match += [other] if other.variants else []
    result = _match_with_all(supplier, records_to_match, offers)
    result.own[:0] = own_records
    return result


def _split_page(
    record: ProductRecord, own_skus: AbstractSet[str], offers: _EarlierDecisions
) -> tuple[ProductRecord, ProductRecord]:
    """Split a page into SKUs of the supplier's own product, also new ones, and SKUs to match."""
    accepted = [variant for variant in record.variants if variant.sku not in offers.refused]
    elsewhere = {variant.sku for variant in accepted} - own_skus
    if len(elsewhere) < len(accepted):
        elsewhere &= offers.earlier_links.keys() | offers.disputed.keys()
    own = tuple(variant for variant in accepted if variant.sku not in elsewhere)
    to_match = tuple(variant for variant in accepted if variant.sku in elsewhere)
    return replace(record, variants=own), replace(record, variants=to_match)


def _match_with_all(
    supplier: Supplier, records: Sequence[ProductRecord], offers: _EarlierDecisions
) -> Links:
    result = Links(earlier_links=dict(offers.earlier_links), disputed=dict(offers.disputed))
    claims_by_product = {record.external_id: matching.sku_identifiers(record) for record in records}
    all_claims = [claim for claims in claims_by_product.values() for claim in claims]
    owners = find_owners(supplier=supplier, claims=all_claims)
    for record in records:
        claims = claims_by_product[record.external_id]
        if any(name in owners for claim in claims for name in claim.names):
            numbers = _numbers(record, source=supplier.code)
            claims[:] = matching.sku_identifiers(record, numbers=numbers)
    gtins = stated_gtins(offers.earlier_links.values())
    for claim in all_claims:
        pk = offers.earlier_links.get(claim.sku)
        if pk is None or claim.sku in offers.fixed:
            continue
        if matching.is_contradicted(claim, owners, variant_id=pk, gtins=gtins.get(pk, ())):
            result.disputed[claim.sku] = result.earlier_links.pop(claim.sku)
    matches = {
        external_id: matching.match(claims, owners)
        for external_id, claims in claims_by_product.items()
    }
    claimants = Counter(pk for match in matches.values() for pk in match.linked.values())
    for external_id, match in matches.items():
        if any(claimants[pk] > 1 for pk in match.linked.values()):
            matches[external_id] = Match()  # if two products claim one variant, neither is linked
    unmatched = [
        claim
        for external_id, claims in claims_by_product.items()
        for claim in claims
        if not matches[external_id] and claim.sku not in offers.earlier_links
    ]
    namesakes = find_namesakes(supplier=supplier, claims=unmatched)
    pages: list[LinkedPage] = []
    for record in records:
        claims = claims_by_product[record.external_id]
        match = matches[record.external_id] or matching.match_by_title(claims, namesakes)
        known = result.earlier_links.keys() | result.disputed.keys()
        if not match and known.isdisjoint(variant.sku for variant in record.variants):
            result.own.append(record)
            continue
        pages.append(_link(record, match, result, numbers=claims[0].item.numbers))
    _join(pages, result)
    return result


def _numbers(record: ProductRecord, *, source: str) -> dict[str, Decimal]:
    """Return the plausible numbers of a page that tell items apart."""
    enriched = normalize(record, source=source, families=cached_families())
    if isinstance(enriched, ImportIssue):
        return {}
    return {
        name: Decimal(enriched.spec[name]) for name in identity.NUMBERS if name in enriched.spec
    }


def _link(
    record: ProductRecord, match: Match, result: Links, *, numbers: Mapping[str, Decimal]
) -> LinkedPage:
    """Link certain matches, report doubtful SKUs; return the page with the SKUs that are left."""
    linked: set[int] = set()
    unknown: list[VariantRecord] = []
    was_linked = result.disputed.keys() - match.doubtful.keys()
    for variant in record.variants:
        sku = variant.sku
        doubt = match.doubtful.get(sku)
        pk = result.earlier_links.get(sku, match.linked.get(sku))
        if pk is not None and result.disputed.get(sku, pk) == pk:
            result.matched_links[sku] = pk
            result.disputed.pop(sku, None)
            linked.add(pk)
        elif sku in was_linked:
            code, verdict = (
                (CONTRADICTS_LINK, GTIN_CHANGED) if variant.gtin else (DOUBTFUL, UNCERTAIN)
            )
            result.problems.append(_problem(code, record, variant, verdict))
        elif doubt is not None:
            result.disputed[sku] = doubt.variant_id
            is_gtin = doubt.verdict.contradictions == {"gtin"}
            code = CONTRADICTS_PART if is_gtin else DOUBTFUL
            result.problems.append(_problem(code, record, variant, doubt.verdict, numbers))
        else:
            unknown.append(variant)
    return LinkedPage(record=record, linked=frozenset(linked), unknown=tuple(unknown))


def _join(pages: Sequence[LinkedPage], result: Links) -> None:
    """Add new variants to the products of linked SKUs; the other unknown SKUs stay on hold."""
    new: dict[str, tuple[ProductRecord, list[VariantRecord]]] = {}
    for joined in joining.join([page for page in pages if page.unknown]):
        record, variant = joined.page.record, joined.variant
        if joined.product_id is not None:
            result.joined[record.external_id] = joined.product_id
            new.setdefault(record.external_id, (record, []))[1].append(variant)
        elif joined.variant_id is not None:
            result.disputed[variant.sku] = joined.variant_id
            result.problems.append(_problem(DOUBTFUL, record, variant, UNCERTAIN))
        else:
            result.problems.append(_problem(NOT_MATCHED, record, variant))
    result.own += [replace(record, variants=tuple(variants)) for record, variants in new.values()]


def _problem(
    code: str,
    record: ProductRecord,
    variant: VariantRecord,
    verdict: Verdict = UNKNOWN,
    numbers: Mapping[str, Decimal] = matching.NO_NUMBERS,
) -> ImportIssue:
    contradictions = sorted(verdict.contradictions)
    message = MESSAGES[code].format(
        gtin=variant.gtin[:20] or "—",
        reason=f"they differ in {', '.join(contradictions)}" if contradictions else ONLY_TITLES,
    )
    raw = {
        "title": (variant.title or record.title)[:200],
        "brand": record.brand[:100],
        "options": [value[:60] for value in variant.option_values],
        "gtin": variant.gtin[:100],
        "mpn": variant.mpn[:100],
        "model": record.model[:100],
        "picture": next(iter((*variant.picture_urls, *record.picture_urls)), "")[:500],
        "numbers": {name: str(value) for name, value in numbers.items()},
        "confidence": str(verdict.confidence),
        "contradictions": contradictions,
    }
    return ImportIssue(row=variant.sku, code=code, message=message, raw=raw)
