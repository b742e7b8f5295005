"""Product creation: make SKUs and slugs, create products and variants for staff.

A SKU or slug of ours is assigned once and never changes.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from uuid import uuid4

from django.utils.text import slugify

from catalog.brands.aliases import get_or_create_brand
from catalog.models import Brand, Product, Spec, Variant
from catalog.models.families import find_family
from storefront.lib.db.transactions import requires_transaction
from storefront.lib.text import fold

STAFF = "staff"  # the source of SKUs and slugs that are made for staff

# No vowels and no look-alikes, so that no words appear and nothing is misread.
_SKU_ALPHABET = "23456789BCDFGHJKMNPQRSTVWXYZ"
MAX_SLUG = 100
ENTERED_FIELDS = ("title", "brand", "category", "family", "option_names")


def make_sku(*, prefix: str, source: str, supplier_sku: str) -> str:
    """Return our SKU for a supplier SKU, such as ``HL-7K3Q-X2M9-PB4T``. Deterministic."""
    number = int.from_bytes(hashlib.blake2b(f"{source}:{supplier_sku}".encode()).digest()[:16])
    characters = ""
    for _ in range(12):
        number, index = divmod(number, len(_SKU_ALPHABET))
        characters += _SKU_ALPHABET[index]
    return f"{prefix}-{characters[:4]}-{characters[4:8]}-{characters[8:]}"


def make_slugs(titles: Mapping[str, str], *, source: str) -> dict[str, str]:
    """Return a free slug for each new product, with a stable suffix if the plain slug is taken.

    Shape:  ``titles`` maps the ids of supplier products, or any unique keys, to titles
    """
    plain = {
        external_id: slugify(fold(title))[:MAX_SLUG].strip("-")
        for external_id, title in titles.items()
    }
    suffixed = {}
    for external_id, slug in plain.items():
        suffix = hashlib.blake2b(f"{source}:{external_id}".encode(), digest_size=5).hexdigest()
        suffixed[external_id] = f"{slug}-{suffix}".strip("-")
    used = set(
        Product.objects.filter(slug__in=[*plain.values(), *suffixed.values()]).values_list(
            "slug", flat=True
        )
    )
    chosen = {}
    for external_id, slug in plain.items():
        free = slug if slug and slug not in used else suffixed[external_id]
        used.add(free)
        chosen[external_id] = free
    return chosen


# Creation by staff


@requires_transaction
def create_product(product: Product, *, brand_name: str, first: Variant) -> None:
    """Save a new product as a draft, with its first variant and an empty specification.

    A brand with this name or alias is used, else one is created. What staff entered is
    locked against feeds: a supplier may add variants to the product.
    Shape:  ``product`` has title, category, family and option names, it may have a slug and locked
            fields; ``first`` as ``create_variant`` takes it
    """
    lock_entered(product)
    create_draft(product, brand=get_or_create_brand(brand_name))
    first.product = product
    create_variant(first)


def lock_entered(product: Product) -> None:
    """Lock the fields that a new product always has against feeds, in memory."""
    product.overridden_fields = sorted({*product.overridden_fields, *ENTERED_FIELDS})


@requires_transaction
def create_draft(product: Product, *, brand: Brand) -> None:
    """Save one new product, as ``create_drafts`` does."""
    product.brand = brand
    create_drafts([product])


@requires_transaction
def create_drafts(products: Sequence[Product]) -> None:
    """Save new products as drafts, with empty specifications; those without a slug get one."""
    without_slug = {uuid4().hex: product for product in products if not product.slug}
    titles = {key: product.title for key, product in without_slug.items()}
    for key, slug in make_slugs(titles, source=STAFF).items() if titles else ():
        without_slug[key].slug = slug
    for product in products:
        product.status = Product.Status.DRAFT
    Product.objects.bulk_create(products)
    Spec.objects.bulk_create([Spec(product=product) for product in products])


@requires_transaction
def create_variant(variant: Variant) -> None:
    """Save one new variant, as ``create_variants`` does."""
    create_variants([variant])


@requires_transaction
def create_variants(variants: Sequence[Variant]) -> None:
    """Save new variants, after the others of their products; those without a SKU get one.

    Shape:  the variants have their saved products, and the fields that staff entered
    """
    products = [variant.product for variant in variants]
    counts = Counter(Variant.objects.filter(product__in=products).values_list("product", flat=True))
    for variant in variants:
        product = variant.product
        if not variant.sku:
            variant.sku = make_sku(
                prefix=find_family(product.family).sku_prefix,
                source=STAFF,
                supplier_sku=uuid4().hex,
            )
        variant.position = counts[product.pk]
        counts[product.pk] += 1
    Variant.objects.bulk_create(variants)
