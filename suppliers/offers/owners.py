"""Identifier lookup: find the variants that the identifiers of a supplier's SKUs name."""

from collections import defaultdict
from collections.abc import Collection, Iterable

from django.db.models import Exists, OuterRef

from catalog.attributes.identifiers import brand_key, option_keys
from catalog.models import Identifier
from suppliers.models import Supplier, SupplierOffer
from suppliers.offers.matching import IdentifierOwner, Name, SkuIdentifiers

State = Identifier.State
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
        .select_related("variant__product__brand")
    ]
    ids = {name.variant_id for name in names}
    gtins = stated_gtins(ids)
    skus: dict[int | None, set[str]] = defaultdict(set)
    offers = SupplierOffer.objects.filter(supplier=supplier, variant__in=ids)
    for variant_id, sku in offers.values_list("variant_id", "supplier_sku"):
        skus[variant_id].add(sku)
    return {
        (name.scheme, name.value): IdentifierOwner(
            variant_id=name.variant_id,
            product_id=name.variant.product_id,
            brand_key=brand_key(name.variant.product.brand.name),
            options=option_keys(name.variant.option_values),
            is_verified=name.state == State.VERIFIED,
            gtins=frozenset(gtins[name.variant_id]),
            offered_as=frozenset(skus[name.variant_id]),
        )
        for name in names
    }


def stated_gtins(variant_ids: Collection[int]) -> dict[int, set[str]]:
    """Return all GTINs that suppliers state for these variants, disputed ones included."""
    gtins: dict[int, set[str]] = defaultdict(set)
    stated = Identifier.objects.filter(scheme=Identifier.Scheme.GTIN, variant__in=variant_ids)
    for variant_id, gtin in stated.values_list("variant_id", "value"):
        gtins[variant_id].add(gtin)
    return gtins
