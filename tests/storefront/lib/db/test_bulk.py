"""Bulk writes: write rows as ``save`` does, return their keys, update only what differs."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DataError, IntegrityError, transaction

from catalog.models import Brand, Category, Channel, Listing, Product, Spec, Variant
from storefront.lib.db import bulk
from storefront.lib.db.bulk import insert
from tests.factories.catalog import (
    NOON,
    make_brand,
    make_channel,
    make_listing,
    make_price_rule,
    make_product,
    make_spec,
    make_variant,
)

pytestmark = pytest.mark.django_db


def test_values_of_every_type_are_stored_unchanged():
    product, other = make_product(), make_product()
    lumora = make_brand(name="Lumora")
    product.title, product.option_names, product.brand = 'It\'s "100%" {a,b} \\ NULL', [], lumora
    other.title, other.option_names = "NULL", ["a", 'b"c']
    bulk.update(Product, {product: ["title", "option_names", "brand"], other: ["title"]})

    spec = make_spec(make_product())
    spec.output_lm, spec.battery_energy_wh, spec.battery_included, spec.more = (
        None,
        Decimal("4.40"),
        False,
        {"ə": [1, None, "x"]},
    )
    bulk.update(Spec, {spec: ["output_lm", "battery_energy_wh", "battery_included", "more"]})

    listing = make_listing(make_variant())
    listing.as_of, listing.rule = NOON + timedelta(microseconds=1), None
    bulk.update(Listing, {listing: ["as_of", "rule"]})

    found = Product.objects.get(pk=product.pk)
    assert (found.title, found.option_names, found.brand) == (product.title, [], lumora)
    assert Product.objects.get(pk=other.pk).option_names == ["a", 'b"c']
    found = Spec.objects.get(pk=spec.pk)
    assert (found.output_lm, found.battery_energy_wh, found.battery_included, found.more) == (
        None,
        Decimal("4.40"),
        False,
        {"ə": [1, None, "x"]},
    )
    found = Listing.objects.get(pk=listing.pk)
    assert (found.as_of, found.rule) == (NOON + timedelta(microseconds=1), None)
    assert make_price_rule().listings.count() == 0


def test_value_that_does_not_fit_is_refused_and_not_truncated():
    variant = make_variant()
    variant.color = "x" * 41

    with pytest.raises(DataError):
        bulk.update(Variant, {variant: ["color"]})


def test_only_differing_values_are_set_and_named():
    variant = Variant(color="Red", weight_g=75, position=1)

    assert bulk.set_changed(variant, {"color": "Red", "weight_g": 80, "position": 2}) == [
        "weight_g",
        "position",
    ]
    assert (variant.color, variant.weight_g, variant.position) == ("Red", 80, 2)


def test_many_rows_take_one_statement_per_thousand(django_assert_num_queries, monkeypatch):
    monkeypatch.setattr(bulk, "BATCH", 4)
    product = make_product()
    variants = [make_variant(product) for _ in range(10)]
    for variant in variants:
        variant.weight_g = 99

    with django_assert_num_queries(3):
        bulk.update(Variant, {variant: ["weight_g"] for variant in variants})
    with django_assert_num_queries(0):
        bulk.update(Variant, {})

    assert set(Variant.objects.values_list("weight_g", flat=True)) == {99}


def unsaved(listing, **changed):
    values = {
        field.attname: getattr(listing, field.attname)
        for field in Listing._meta.concrete_fields
        if not field.primary_key
    }
    return Listing(**{**values, **changed})


def test_rows_are_written_completely_and_in_order():
    old = make_listing(make_variant(make_product()))
    variants = [make_variant(make_product()) for _ in range(3)]

    rows = [unsaved(old, variant_id=each.pk, ships_from={"DE": 3}) for each in variants]
    insert(rows)

    for row, variant in zip(rows, variants, strict=True):
        found = Listing.objects.get(pk=row.pk)
        assert found.variant_id == variant.pk
        assert found.ships_from == {"DE": 3}
        assert (found.price_amount, found.as_of) == (old.price_amount, old.as_of)
        assert found.updated_at >= old.updated_at  # the clock of ``auto_now``
        row.available = 7
        row.save()
    assert Listing.objects.filter(available=7).count() == 3


def test_database_defaults_are_left_to_the_database():
    words = {"name": "Other", "currency": "EUR", "default_country": "DE", "countries": ["DE"]}

    row = Channel(code="other", **words)
    insert([row])

    found = Channel.objects.get(code="other")
    assert (found.pk, found.prices_exclude_tax, found.supplied_under) == (row.pk, False, 0)


def test_invalid_rows_are_refused():
    listing = make_listing(make_variant(make_product()), channel=make_channel())

    with pytest.raises(IntegrityError), transaction.atomic():
        insert([unsaved(listing)])


def test_empty_input_writes_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        insert([])


def product_family():
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


def test_rows_that_refer_to_each_other_are_written_by_one_statement(django_assert_num_queries):
    rows = product_family()

    with django_assert_num_queries(1):
        insert(rows)

    brand, product, *variants = rows
    assert Product.objects.get(slug="sunwell-1") == product
    assert (product.brand_id, product.brand) == (brand.pk, brand)
    assert [each.product_id for each in variants] == [product.pk] * 2
    assert list(product.variants.order_by("sku")) == variants
    assert Category.objects.get(pk=product.category_id) == product.category


def test_related_rows_are_written_all_or_none():
    rows = product_family()
    rows[-1].sku = rows[-2].sku

    with pytest.raises(IntegrityError), transaction.atomic():
        insert(rows)

    assert not Brand.objects.filter(name="Sunwell").exists()
