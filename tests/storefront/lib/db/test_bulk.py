"""Rows are written as ``save`` writes them, and know their keys."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from catalog.models import Brand, Category, Channel, Listing, Product, Variant
from storefront.lib.db.bulk import insert, insert_together
from tests.factories.catalog import make_channel, make_listing, make_product, make_variant

pytestmark = pytest.mark.django_db


def unsaved(listing, **changed):
    values = {
        field.attname: getattr(listing, field.attname)
        for field in Listing._meta.concrete_fields
        if not field.primary_key
    }
    return Listing(**{**values, **changed})


def test_rows_are_written_whole_and_in_their_order():
    old = make_listing(make_variant(make_product()))
    variants = [make_variant(make_product()) for _ in range(3)]

    rows = insert([unsaved(old, variant_id=each.pk, ships_from={"DE": 3}) for each in variants])

    for row, variant in zip(rows, variants, strict=True):
        found = Listing.objects.get(pk=row.pk)
        assert found.variant_id == variant.pk
        assert found.ships_from == {"DE": 3}
        assert (found.price_amount, found.as_of) == (old.price_amount, old.as_of)
        assert found.updated_at >= old.updated_at  # the clock of ``auto_now``
        row.available = 7
        row.save()
    assert Listing.objects.filter(available=7).count() == 3


def test_the_database_fills_in_what_is_its_own():
    words = {"name": "Other", "currency": "EUR", "default_country": "DE", "countries": ["DE"]}

    (row,) = insert([Channel(code="other", **words)])

    found = Channel.objects.get(code="other")
    assert (found.pk, found.adds_tax, found.supplied_under) == (row.pk, False, 0)


def test_rows_that_may_not_be_are_refused():
    listing = make_listing(make_variant(make_product()), channel=make_channel())

    with pytest.raises(IntegrityError), transaction.atomic():
        insert([unsaved(listing)])


def test_nothing_is_written_of_nothing():
    assert insert([]) == []


def family():
    """Make a product of a brand, and two variants of it, unsaved."""
    brand = Brand(name="Sunwell")
    known = make_product()
    values = {
        field.attname: getattr(known, field.attname)
        for field in Product._meta.concrete_fields
        if not field.primary_key and field.name not in {"brand", "slug"}
    }
    product = Product(**values, brand=brand, slug="sunwell-1")
    variants = [Variant(product=product, sku=f"SW-{number}") for number in (1, 2)]
    return [brand, product, *variants]


def test_rows_that_point_at_each_other_are_written_by_one_statement(django_assert_num_queries):
    rows = family()

    with django_assert_num_queries(1):
        insert_together(rows)

    brand, product, *variants = rows
    assert Product.objects.get(slug="sunwell-1") == product
    assert (product.brand_id, product.brand) == (brand.pk, brand)
    assert [each.product_id for each in variants] == [product.pk] * 2
    assert list(product.variants.order_by("sku")) == variants
    assert Category.objects.get(pk=product.category_id) == product.category


def test_rows_that_belong_together_are_written_all_or_none():
    rows = family()
    rows[-1].sku = rows[-2].sku

    with pytest.raises(IntegrityError), transaction.atomic():
        insert_together(rows)

    assert not Brand.objects.filter(name="Sunwell").exists()
