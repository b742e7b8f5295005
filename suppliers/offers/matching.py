"""Offer matching: decide which variants the SKUs of a supplier's product are. Pure.

A wrong link sells one item and ships another, so only a certain match is linked. Price lists
(``bulk_matching``) and product pages (``links``) use the same rule:

- A GTIN names a variant if the brand is the same. In a list without brands the GTIN must be
  verified by staff.
- Otherwise a part number names a variant, unless SKU and variant state different option values:
  some suppliers use the model number as part number. A model number together with the option values
  names a variant, too. Both count only within their brand, and not if they name two variants.
- A part number whose variant has another GTIN is a contradiction: the SKU waits for staff. So does
  a linked SKU that later states another GTIN.
- Each SKU of the supplier's product must match a different variant of the same product. The
  supplier must not already offer one of these variants under another SKU.

A supplier's product that does not match becomes a new product.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from catalog.attributes.identifiers import (
    InvalidGtinError,
    brand_key,
    can_identify,
    gtin14,
    model_key,
    mpn_key,
    option_keys,
)
from catalog.records import ProductRecord

# Scheme and value, as ``catalog.models.Identifier`` stores them.
type Name = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SkuIdentifiers:
    """The identifiers that a supplier states for one SKU.

    Shape: ``brand_key`` is empty if no brand is stated; ``gtin`` is empty or has 14 digits
    """

    sku: str
    brand_key: str = ""
    gtin: str = ""
    part_names: tuple[Name, ...] = ()
    options: frozenset[str] = frozenset()

    @property
    def names(self) -> tuple[Name, ...]:
        return (*([("gtin", self.gtin)] if self.gtin else ()), *self.part_names)


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentifierOwner:
    """The variant that an identifier names.

    Shape: ``gtins`` are all that suppliers state for it, disputed ones included; ``offered_as``
        are the SKUs under which this supplier offers it
    """

    variant_id: int
    product_id: int
    brand_key: str
    options: frozenset[str] = frozenset()
    is_verified: bool = False  # the identifier
    gtins: frozenset[str] = frozenset()
    offered_as: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """The match of one supplier product; empty: it is not in the catalog.

    Shape: ``linked`` maps SKUs to variant ids; ``contradicted`` maps SKUs to the variant that
        their part number names and their GTIN does not
    """

    linked: Mapping[str, int] = field(default_factory=dict)
    contradicted: Mapping[str, int] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.linked or self.contradicted)


def sku_identifiers(record: ProductRecord) -> list[SkuIdentifiers]:
    return [
        SkuIdentifiers(
            sku=variant.sku,
            brand_key=brand_key(record.brand),
            gtin=valid_gtin(variant.gtin),
            part_names=_part_names(record.brand, variant.mpn, record.model, variant.option_values),
            options=option_keys(variant.option_values),
        )
        for variant in record.variants
    ]


def valid_gtin(raw: str) -> str:
    """Return a GTIN as 14 digits; empty if it is invalid."""
    try:
        return gtin14(raw)
    except InvalidGtinError:
        return ""


def _part_names(brand: str, mpn: str, model: str, options: Sequence[str]) -> tuple[Name, ...]:
    names = [("mpn", mpn_key(brand, mpn))] if can_identify(brand, mpn) else []
    names += [("model", key)] if (key := model_key(brand, model, options)) else []
    return tuple(names)


def match(product: Sequence[SkuIdentifiers], owners: Mapping[Name, IdentifierOwner]) -> Match:
    owner_by_sku: dict[str, IdentifierOwner] = {}
    contradicted: dict[str, int] = {}
    for claim in product:
        by_gtin, by_part = _by_gtin(claim, owners), _by_part(claim, owners)
        owner = by_part or by_gtin
        if owner is None or owner.offered_as - {claim.sku}:
            return Match()
        owner_by_sku[claim.sku] = owner
        if by_part is not None and is_contradicted(
            claim, owners, variant_id=by_part.variant_id, gtins=by_part.gtins
        ):
            contradicted[claim.sku] = by_part.variant_id
    is_one_product = len({owner.product_id for owner in owner_by_sku.values()}) == 1
    has_distinct_variants = len({owner.variant_id for owner in owner_by_sku.values()}) == len(
        product
    )
    if not (is_one_product and has_distinct_variants):
        return Match()
    linked = {
        sku: owner.variant_id for sku, owner in owner_by_sku.items() if sku not in contradicted
    }
    return Match(linked=linked, contradicted=contradicted)


def _by_gtin(
    claim: SkuIdentifiers, owners: Mapping[Name, IdentifierOwner]
) -> IdentifierOwner | None:
    owner = owners.get(("gtin", claim.gtin))
    if owner is None:
        return None
    needs_no_brand = not claim.brand_key and owner.is_verified
    return owner if needs_no_brand or owner.brand_key == claim.brand_key else None


def _by_part(
    claim: SkuIdentifiers, owners: Mapping[Name, IdentifierOwner]
) -> IdentifierOwner | None:
    """Return the variant that part and model number name; None if they name two."""
    named = [owner for name in claim.part_names if (owner := owners.get(name))]
    owner_by_variant = {
        owner.variant_id: owner for owner in named if _is_same_version(claim, owner)
    }
    return next(iter(owner_by_variant.values())) if len(owner_by_variant) == 1 else None


def _is_same_version(claim: SkuIdentifiers, owner: IdentifierOwner) -> bool:
    is_other = claim.options and owner.options and claim.options != owner.options
    return owner.brand_key == claim.brand_key and not is_other


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
    if named := owners.get(("gtin", claim.gtin)):
        return named.variant_id != variant_id
    return bool(claim.gtin and gtins) and claim.gtin not in gtins
