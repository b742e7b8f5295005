"""Offer matching: decide which variants the SKUs of a supplier's product are. Pure.

A wrong link sells one item and ships another, so only a certain match is linked. Price lists
(``bulk_matching``) and product pages (``links``) use the same rule. ``identity`` decides about one
SKU and one variant; this module decides about the product:

- A SKU is linked if exactly one variant is certainly the same item. It is doubtful, and waits for
  staff, if the evidence contradicts itself or names several variants.
- The linked SKUs must be different variants of one product. The supplier must not already offer the
  variant under another SKU.
- If neither the brand nor the title names a brand, only a GTIN that staff verified is certain.

A supplier's product becomes a new product if none of its SKUs matches.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from decimal import Decimal

from catalog.attributes.identifiers import InvalidGtinError, gtin14, model_key, mpn_key, split_gtins
from catalog.records import ProductRecord, VariantRecord
from suppliers.offers import identity, item_text
from suppliers.offers.identity import Item, Outcome, Verdict

# Scheme and value, as ``catalog.models.Identifier`` stores them.
type Name = tuple[str, str]
NO_NUMBERS: Mapping[str, Decimal] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class SkuIdentifiers:
    """What a supplier states for one SKU."""

    sku: str
    item: Item
    part_names: tuple[Name, ...] = ()

    @property
    def names(self) -> tuple[Name, ...]:
        return (*self.gtin_names, *self.part_names)

    @property
    def gtin_names(self) -> tuple[Name, ...]:
        return tuple(("gtin", gtin) for gtin in sorted(self.item.gtins))


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentifierOwner:
    """The variant that an identifier names.

    Shape: ``item`` has all GTINs that suppliers state for it, disputed ones included;
        ``offered_as`` are the SKUs under which this supplier offers it
    """

    variant_id: int
    product_id: int
    item: Item
    is_verified: bool = False  # the identifier
    offered_as: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A variant that a SKU may be, and the verdict about both."""

    variant_id: int
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """The match of one supplier product; empty: it is not in the catalog.

    Shape: ``linked`` maps SKUs to variant ids
    """

    linked: Mapping[str, int] = field(default_factory=dict)
    doubtful: Mapping[str, Doubt] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.linked or self.doubtful)


def sku_identifiers(
    record: ProductRecord, *, numbers: Mapping[str, Decimal] = NO_NUMBERS
) -> list[SkuIdentifiers]:
    """Return what a product page states for each SKU; ``numbers`` are columns of ``Spec``."""
    claims = []
    for variant in record.variants:
        gtins = valid_gtins(variant.gtin)
        item = Item(
            brand=record.brand,
            title=_title(record, variant),
            options=variant.option_values,
            gtins=frozenset(gtins),
            mpns=frozenset({variant.mpn} - {""}),
            models=frozenset({record.model} - {""}),
            numbers=numbers,
            sku=variant.sku,
        )
        part_names = _part_names(record.brand, variant.mpn, record.model, variant.option_values)
        claims.append(SkuIdentifiers(sku=variant.sku, item=item, part_names=part_names))
    return claims


def _title(record: ProductRecord, variant: VariantRecord) -> str:
    """Return the title of the SKU, without the option values that some suppliers add to it."""
    is_one_of_several = len(record.variants) > 1 and not variant.title.startswith(record.title)
    has_own_pack = item_text.pack_size(variant.title) != item_text.pack_size(record.title)
    is_own = variant.title and (is_one_of_several or has_own_pack)
    return variant.title if is_own else record.title


def list_item(*, sku: str, brand: str, gtin: str, title: str) -> SkuIdentifiers:
    """Return what a row of a price list states."""
    item = Item(brand=brand, title=title, gtins=frozenset(valid_gtins(gtin)), sku=sku)
    return SkuIdentifiers(sku=sku, item=item)


def valid_gtins(raw: str) -> list[str]:
    """Return the valid GTINs of a cell as 14 digits."""
    found = []
    for text in split_gtins(raw):
        with suppress(InvalidGtinError):
            found.append(gtin14(text))
    return found


def _part_names(brand: str, mpn: str, model: str, options: Sequence[str]) -> tuple[Name, ...]:
    names = [("mpn", mpn_key(brand, mpn))] if identity.names_item(brand, mpn) else []
    if identity.names_item(brand, model) and (key := model_key(brand, model, options)):
        names.append(("model", key))
    return tuple(names)


def match(product: Sequence[SkuIdentifiers], owners: Mapping[Name, IdentifierOwner]) -> Match:
    """Return the linked and doubtful SKUs of one supplier product.

    Empty if the SKUs match several products, or two SKUs the same variant.
    """
    linked: dict[str, IdentifierOwner] = {}
    doubtful: dict[str, Doubt] = {}
    for claim in product:
        owner, verdict = _best(claim, owners)
        if owner is None or owner.offered_as - {claim.sku}:
            continue
        if verdict.outcome is Outcome.SAME:
            linked[claim.sku] = owner
        else:
            doubtful[claim.sku] = Doubt(variant_id=owner.variant_id, verdict=verdict)
    is_one_product = len({owner.product_id for owner in linked.values()}) <= 1
    if not is_one_product or len({owner.variant_id for owner in linked.values()}) < len(linked):
        return Match()
    return Match(linked={sku: owner.variant_id for sku, owner in linked.items()}, doubtful=doubtful)


def _best(
    claim: SkuIdentifiers, owners: Mapping[Name, IdentifierOwner]
) -> tuple[IdentifierOwner | None, Verdict]:
    """Return the variant that a SKU is or may be. Of several, the one that a part number names."""
    found: dict[int, tuple[IdentifierOwner, Verdict]] = {}
    for name in (*claim.part_names, *claim.gtin_names):
        owner = owners.get(name)
        if owner is not None and owner.variant_id not in found:
            verdict = _compare(claim, owner)
            if verdict.outcome is not Outcome.NEW:
                found[owner.variant_id] = owner, verdict
    if not found:
        return None, Verdict(outcome=Outcome.NEW)
    owner, verdict = next(iter(found.values()))
    by_gtin = [owners[name].variant_id for name in claim.gtin_names if name in owners]
    reason = "gtin" if by_gtin and owner.variant_id not in by_gtin else ""
    reason = reason or ("number" if len(found) > 1 else "")
    if reason and verdict.outcome is Outcome.SAME:
        verdict = identity.add_contradiction(verdict, reason)
    return owner, verdict


def _compare(claim: SkuIdentifiers, owner: IdentifierOwner) -> Verdict:
    verdict = identity.compare(owner.item, claim.item)
    needs_no_brand = owner.is_verified and not claim.item.brand_key
    if needs_no_brand and verdict.outcome is Outcome.DOUBTFUL and not verdict.contradictions:
        return replace(verdict, outcome=Outcome.SAME)
    return verdict


def match_by_title(
    product: Sequence[SkuIdentifiers], namesakes: Mapping[str, Sequence[IdentifierOwner]]
) -> Match:
    """Return the doubtful matches of SKUs that no identifier matches.

    Shape: ``namesakes`` maps SKUs to variants whose titles contain the same name
    """
    doubtful: dict[str, Doubt] = {}
    for claim in product:
        for owner in namesakes.get(claim.sku, ()):
            verdict = identity.compare(owner.item, claim.item)
            if verdict.outcome is Outcome.SAME:  # another variant claims the same identifier
                verdict = identity.add_contradiction(verdict, "number")
            if verdict.outcome is Outcome.DOUBTFUL and not owner.offered_as:
                doubtful.setdefault(claim.sku, Doubt(variant_id=owner.variant_id, verdict=verdict))
    return Match(doubtful=doubtful)


def is_contradicted(
    claim: SkuIdentifiers,
    owners: Mapping[Name, IdentifierOwner],
    *,
    variant_id: int,
    gtins: Collection[str],
) -> bool:
    """Return whether the GTIN names another variant, or is none of the variant's known GTINs.

    Shape: ``gtins`` are all that suppliers state for the variant
    """
    if named := [owners[name].variant_id for name in claim.gtin_names if name in owners]:
        return variant_id not in named
    return bool(claim.item.gtins and gtins) and claim.item.gtins.isdisjoint(gtins)
