"""Product creation: make SKUs and slugs, create products and variants for staff.

A SKU or slug of ours is assigned once and never changes.
"""

import hashlib
from collections.abc import Mapping
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
    product.overridden_fields = sorted({*product.overridden_fields, *ENTERED_FIELDS})
    create_draft(product, brand=get_or_create_brand(brand_name))
    first.product = product
    create_variant(first)


@requires_transaction
def create_draft(product: Product, *, brand: Brand) -> None:
    """Save a new product as a draft, with an empty specification; without a slug, it gets one."""
    product.brand = brand
    product.status = Product.Status.DRAFT
    if not product.slug:
        titles = {uuid4().hex: product.title}
        (product.slug,) = make_slugs(titles, source=STAFF).values()
    product.save()
    Spec.objects.create(product=product)


@requires_transaction
def create_variant(variant: Variant) -> None:
    """Save a new variant, after the others of its product; without a SKU, it gets one.

    Shape:  ``variant`` has its product, and the fields that staff entered
    """
    product = variant.product
    if not variant.sku:
        variant.sku = make_sku(
            prefix=find_family(product.family).sku_prefix,
            source=STAFF,
            supplier_sku=uuid4().hex,
        )
    variant.position = product.variants.count()
    variant.save()
