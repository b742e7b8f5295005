"""Identifier lookup: find the variants that the identifiers of a supplier's SKUs name."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from decimal import Decimal

from django.db.models import Exists, OuterRef

from catalog.models import Identifier, Variant
from suppliers.models import Supplier, SupplierOffer
from suppliers.offers import identity
from suppliers.offers.identity import Item
from suppliers.offers.matching import IdentifierOwner, Name, SkuIdentifiers

State, Scheme = Identifier.State, Identifier.Scheme
STATED = (Scheme.GTIN, Scheme.MPN, Scheme.MODEL)
# Another variant claims the same identifier; only staff can verify which one it names.
DISPUTED_IDENTIFIERS = Identifier.objects.filter(
    scheme=OuterRef("scheme"), value=OuterRef("value"), state=State.CONFLICT
)


def find_owners(
    *, supplier: Supplier, claims: Iterable[SkuIdentifiers]
) -> dict[Name, IdentifierOwner]:
    """Return the variants that undisputed identifiers name, in three queries."""
    wanted: dict[str, set[str]] = defaultdict(set)
    for claim in claims:
        for scheme, value in claim.names:
            wanted[scheme].add(value)
    names = [
        name
        for scheme, values in wanted.items()
        for name in Identifier.objects.filter(scheme=scheme, value__in=values)
        .exclude(state=State.CONFLICT)
        .alias(is_disputed=Exists(DISPUTED_IDENTIFIERS))
        .exclude(state=State.ASSERTED, is_disputed=True)
        .select_related("variant__product__brand", "variant__product__spec")
    ]
    ids = {name.variant_id for name in names}
    stated = _stated(ids)
    skus: dict[int | None, set[str]] = defaultdict(set)
    offers = SupplierOffer.objects.filter(supplier=supplier, variant__in=ids)
    for variant_id, sku in offers.values_list("variant_id", "supplier_sku"):
        skus[variant_id].add(sku)
    items = {name.variant_id: item_of(name.variant, stated[name.variant_id]) for name in names}
    return {
        (name.scheme, name.value): IdentifierOwner(
            variant_id=name.variant_id,
            product_id=name.variant.product_id,
            item=items[name.variant_id],
            is_verified=name.state == State.VERIFIED,
            offered_as=frozenset(skus[name.variant_id]),
        )
        for name in names
    }


def item_of(variant: Variant, stated: Iterable[tuple[str, str]]) -> Item:
    """Return a variant for comparison; ``stated`` are its identifiers, as scheme and text."""
    product = variant.product
    spec = getattr(product, "spec", None)
    texts = {scheme: frozenset(text for one, text in stated if one == scheme) for scheme in STATED}
    return Item(
        brand=product.brand.name,
        title=product.title,
        options=tuple(variant.option_values),
        gtins=texts[Scheme.GTIN],
        mpns=texts[Scheme.MPN],
        models=texts[Scheme.MODEL],
        numbers={
            name: Decimal(value)
            for name in identity.NUMBERS
            if (value := getattr(spec, name, None)) is not None
        },
    )


def _stated(variant_ids: Collection[int]) -> dict[int, list[tuple[str, str]]]:
    """Return what suppliers state for these variants; GTINs as stored, numbers as written."""
    found: dict[int, list[tuple[str, str]]] = defaultdict(list)
    rows = Identifier.objects.filter(scheme__in=STATED, variant__in=variant_ids)
    for pk, scheme, value, raw in rows.values_list("variant_id", "scheme", "value", "raw"):
        found[pk].append((scheme, value if scheme == Scheme.GTIN else raw or value))
    return found


def stated_gtins(variant_ids: Collection[int]) -> dict[int, set[str]]:
    """Return all GTINs that suppliers state for these variants, disputed ones included."""
    stated = _stated(variant_ids)
    return {
        pk: {text for scheme, text in stated[pk] if scheme == Scheme.GTIN} for pk in variant_ids
    }
