"""Product creation: staff create products in families that are new to this process."""

import pytest
from django.db import transaction

from catalog.models import Product, Variant
from catalog.models.families import ProductFamily, cached_families
from catalog.products import creation
from tests.factories.catalog import make_brand, make_category

pytestmark = pytest.mark.django_db


def test_a_family_that_another_process_has_just_added_is_known():
    assert "bivouac" not in cached_families()
    row = ProductFamily(
        code="bivouac", names={"en": "Bivouac"}, kind="light", category="x", sku_prefix="BV"
    )
    ProductFamily.objects.bulk_create([row])  # without the signal that clears this process's cache
    product = Product(title="Bivouac light", family="bivouac", category=make_category())
    with transaction.atomic():
        creation.create_draft(product, brand=make_brand())

        creation.create_variant(Variant(product=product))

    assert product.variants.get().sku.startswith("BV-")
