"""Identifier lookup: find the variants that the identifiers of a supplier's SKUs name."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import replace
from decimal import Decimal

from django.db.models import Exists, OuterRef

from catalog.models import Identifier, Variant
from suppliers.models import Supplier, SupplierOffer
from suppliers.offers import identity
from suppliers.offers.identity import Item
from suppliers.offers.matching import IdentifierOwner, Name, SkuIdentifiers
from suppliers.runs.staging import rows

State, Scheme = Identifier.State, Identifier.Scheme
STATED = (Scheme.GTIN, Scheme.MPN, Scheme.MODEL)
# Another variant claims the same identifier; only staff can verify which one it names.
DISPUTED_IDENTIFIERS = Identifier.objects.filter(
    scheme=OuterRef("scheme"), value=OuterRef("value"), state=State.CONFLICT
)
MAX_NAMESAKES = 20  # products per name
# Variants that are not discontinued, of products with all words of a name in the title. The expression
# equals that of the index ``product_title_words``.
FIND_BY_TITLE = """
SELECT n.words, v.id
FROM unnest(%(words)s::text[]) AS n (words)
CROSS JOIN LATERAL (
  SELECT p.id FROM catalog_product p
  WHERE to_tsvector('simple'::regconfig, COALESCE(p.title, ''))
      @@ plainto_tsquery('simple'::regconfig, n.words)
    AND p.status <> 'archived'
  LIMIT %(most)s
) named
JOIN catalog_variant v ON v.product_id = named.id AND v.status <> 'discontinued'
ORDER BY n.words, v.id
"""


def find_owners(
    *, supplier: Supplier, claims: Iterable[SkuIdentifiers]
) -> dict[Name, IdentifierOwner]:
    """Return the variants that undisputed identifiers name. Three queries."""
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
    owners = _describe(supplier, {name.variant for name in names})
    return {
        (name.scheme, name.value): replace(
            owners[name.variant_id], is_verified=name.state == State.VERIFIED
        )
        for name in names
    }


def find_namesakes(
    *, supplier: Supplier, claims: Iterable[SkuIdentifiers]
) -> dict[str, list[IdentifierOwner]]:
    """Return the variants whose titles contain the name of a SKU, by SKU. Four queries."""
    words = {
        claim.sku: " ".join(sorted(names))
        for claim in claims
        if (names := identity.name_words(claim.item, brand=""))
    }
    if not words:
        return {}
    found: dict[str, list[int]] = defaultdict(list)
    params = {"words": sorted(set(words.values())), "most": MAX_NAMESAKES}
    for text, variant_id in rows(FIND_BY_TITLE, params):
        found[text].append(variant_id)
    variants = Variant.objects.filter(pk__in={pk for ids in found.values() for pk in ids})
    owners = _describe(supplier, variants.select_related("product__brand", "product__spec"))
    return {sku: [owners[pk] for pk in found[text]] for sku, text in words.items() if text in found}


def _describe(supplier: Supplier, variants: Iterable[Variant]) -> dict[int, IdentifierOwner]:
    """Return these variants as ``matching`` compares them with SKUs of the supplier."""
    by_id = {variant.pk: variant for variant in variants}
    stated = stated_identifiers(by_id)
    skus: dict[int | None, set[str]] = defaultdict(set)
    offers = SupplierOffer.objects.filter(supplier=supplier, variant__in=by_id)
    for variant_id, sku in offers.values_list("variant_id", "supplier_sku"):
        skus[variant_id].add(sku)
    return {
        pk: IdentifierOwner(
            variant_id=pk,
            product_id=variant.product_id,
            item=item_of(variant, stated[pk]),
            offered_as=frozenset(skus[pk]),
        )
        for pk, variant in by_id.items()
    }


def item_of(variant: Variant, stated: Iterable[tuple[str, str]]) -> Item:
    """Return a variant as ``identity`` compares it; ``stated`` are schemes and texts of its identifiers."""
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


def stated_identifiers(variant_ids: Collection[int]) -> dict[int, list[tuple[str, str]]]:
    """Return scheme and text of the identifiers of these variants, those in conflict included.

    Shape:  a GTIN as stored, other numbers as the supplier writes them
    """
    found: dict[int, list[tuple[str, str]]] = defaultdict(list)
    stated = Identifier.objects.filter(scheme__in=STATED, variant__in=variant_ids)
    for pk, scheme, value, raw in stated.values_list("variant_id", "scheme", "value", "raw"):
        found[pk].append((scheme, value if scheme == Scheme.GTIN else raw or value))
    return found


def stated_gtins(variant_ids: Collection[int]) -> dict[int, set[str]]:
    """Return all GTINs that suppliers state for these variants, disputed ones included."""
    stated = stated_identifiers(variant_ids)
    return {
        pk: {text for scheme, text in stated[pk] if scheme == Scheme.GTIN} for pk in variant_ids
    }
