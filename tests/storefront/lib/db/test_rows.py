from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DataError

from catalog.models import Listing, Product, Spec, Variant
from storefront.lib.db import rows
from tests.factories.catalog import (
    NOON,
    make_brand,
    make_listing,
    make_price_rule,
    make_product,
    make_spec,
    make_variant,
)

pytestmark = pytest.mark.django_db


def test_values_of_every_kind_arrive_as_they_were():
    product, other = make_product(), make_product()
    lumora = make_brand(name="Lumora")
    product.title, product.option_names, product.brand = 'It\'s "100%" {a,b} \\ NULL', [], lumora
    other.title, other.option_names = "NULL", ["a", 'b"c']
    rows.update(Product, {product: ["title", "option_names", "brand"], other: ["title"]})

    spec = make_spec(make_product())
    spec.output_lm, spec.battery_energy_wh, spec.battery_included, spec.more = (
        None,
        Decimal("4.40"),
        False,
        {"ə": [1, None, "x"]},
    )
    rows.update(Spec, {spec: ["output_lm", "battery_energy_wh", "battery_included", "more"]})

    listing = make_listing(make_variant())
    listing.as_of, listing.rule = NOON + timedelta(microseconds=1), None
    rows.update(Listing, {listing: ["as_of", "rule"]})

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


def test_what_does_not_fit_is_refused_and_not_cut():
    variant = make_variant()
    variant.color = "x" * 41

    with pytest.raises(DataError):
        rows.update(Variant, {variant: ["color"]})


def test_only_what_differs_is_named_and_set():
    variant = Variant(color="Red", weight_g=75, position=1)

    assert rows.differing(variant, {"color": "Red", "weight_g": 80, "position": 2}) == [
        "weight_g",
        "position",
    ]
    assert (variant.color, variant.weight_g, variant.position) == ("Red", 80, 2)


def test_thousands_of_rows_need_one_statement_for_each_thousand(
    django_assert_num_queries, monkeypatch
):
    monkeypatch.setattr(rows, "BATCH", 4)
    product = make_product()
    variants = [make_variant(product) for _ in range(10)]
    for variant in variants:
        variant.weight_g = 99

    with django_assert_num_queries(3):
        rows.update(Variant, {variant: ["weight_g"] for variant in variants})
    with django_assert_num_queries(0):
        rows.update(Variant, {})

    assert set(Variant.objects.values_list("weight_g", flat=True)) == {99}
