"""Bulk writes: write rows as ``save`` does, return their keys, update only what differs."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DataError, IntegrityError, transaction

from catalog.models import Brand, Category, Channel, Listing, OptionText, Product, Spec, Variant
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
    lumora = make_brand(name="Lumora")
    moment = NOON + timedelta(microseconds=1)
    title = 'It\'s "100%" {a,b} \\ NULL'
    listing = make_listing(make_variant())
    stored = [
        (make_product(), {"title": title, "option_names": [], "brand": lumora}),
        (make_product(), {"title": "NULL"}),
        (make_product(), {"option_names": ["a", 'b"c']}),
        (
            make_spec(make_product()),
            {
                "output_lm": None,
                "battery_energy_wh": Decimal("4.40"),
                "battery_included": False,
                "more": {"ə": [1, None, "x"]},
            },
        ),
        (listing, {"as_of": moment, "rule": None}),
    ]

    for model in (Product, Spec, Listing):
        rows = [(row, values) for row, values in stored if isinstance(row, model)]
        for row, values in rows:
            for name, value in values.items():
                setattr(row, name, value)
        bulk.update(model, {row: list(values) for row, values in rows})

    for row, values in stored:
        found = type(row).objects.get(pk=row.pk)
        assert {name: getattr(found, name) for name in values} == values
    assert make_price_rule().listings.count() == 0


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
        insert([])

    assert set(Variant.objects.values_list("weight_g", flat=True)) == {99}


def values_of(row, *without):
    fields = [field for field in row._meta.concrete_fields if not field.primary_key]
    return {f.attname: getattr(row, f.attname) for f in fields if f.name not in without}


def unsaved(listing, **changed):
    return Listing(**{**values_of(listing), **changed})


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
        assert found.updated_at >= old.updated_at  # set by ``auto_now``
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
    listing.variant.color = "x" * 41

    with pytest.raises(IntegrityError), transaction.atomic():
        insert([unsaved(listing)])
    with pytest.raises(DataError):  # and no value is truncated
        bulk.update(Variant, {listing.variant: ["color"]})


def test_arrays_are_stored_unchanged_and_never_truncated():
    values = [['say "hi"', "back\\slash", "a, b", "{c}", "NULL", ""], []]
    rows = [OptionText(kind="name", key=str(number)) for number in range(2)]
    OptionText.objects.bulk_create(rows)
    for row, spellings in zip(rows, values, strict=True):
        row.spellings = spellings
    product = make_product()
    product.restricted_countries = ["DEU"]

    bulk.update(OptionText, {row: ["spellings"] for row in rows})

    assert list(OptionText.objects.order_by("key").values_list("spellings", flat=True)) == values
    with pytest.raises(DataError):
        bulk.update(Product, {product: ["restricted_countries"]})


def product_family():
    """Return a brand, its product and two variants of the product, all unsaved."""
    brand = Brand(name="Sunwell")
    product = Product(**values_of(make_product(), "brand", "slug"), brand=brand, slug="sunwell-1")
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
