"""Search of staff in Products and Variants."""

import pytest
from django.contrib import admin

from catalog.models import Product, Variant
from catalog.staff_search.variants import find_variants
from storefront.lib.db import indexed_search
from suppliers.models import SupplierOffer
from tests.factories.catalog import make_brand, make_product, make_variant
from tests.factories.suppliers import make_offer

pytestmark = pytest.mark.django_db
admin.autodiscover()


@pytest.fixture
def variant():
    """A light of two variants among others, with each kind of number."""
    make_variant(make_product(title="Fenix headlamp", brand=make_brand(name="Fenix")), sku="HL-1")
    product = make_product(title="Tindrel Weir 370 headlamp", brand=make_brand(name="Tindrel"))
    make_variant(product, sku="HL-7K3Q-X2M9-AAAA")
    variant = make_variant(product, sku="HL-7K3Q-X2M9-PB4T")
    for scheme, value, raw in (
        ("gtin", "00012345678905", "012345678905"),
        ("gtin", "00000096385074", "96385074"),
        ("mpn", "tindrel:pd36r+pro", "PD36R+ Pro"),
        ("supplier", "lumen:LU 88.b", "LU 88.b"),
    ):
        variant.identifiers.create(scheme=scheme, value=value, raw=raw)
    make_offer(variant, sku="ZX-4410")
    return variant


def find(model, text):
    found, _ = admin.site.get_model_admin(model).get_search_results(None, model.objects.all(), text)
    return list(found)


@pytest.mark.parametrize(
    "text",
    [
        *("012345678905", "0 12345 67890 5", "0012345678905", "00012345678905", "9638 5074"),
        *("PD36R+ Pro", "pd36r+pro", "PD-36R+", "tindrel PD36R+", "LU 88.b", "ZX-4410"),
        *("HL-7K3Q-X2M9-PB4T", "weir pb4t"),
    ],
)
def test_a_variant_is_found_by_each_of_its_numbers(variant, text):
    assert find(Variant, text) == [variant]
    assert find(Product, text) == [variant.product]


@pytest.mark.parametrize("text", ["370 weir", "headlamp tindrel", "TINDREL", "weir – tindrel"])
def test_a_product_is_found_by_words_in_any_order(variant, text):
    assert find(Product, text) == [variant.product]
    assert set(find(Variant, text)) == set(variant.product.variants.all())


def test_a_word_of_the_brand_does_not_have_to_be_in_the_title(variant):
    light = make_product(title="PD36R headlamp", brand=make_brand(name="Nite Core"))

    assert find(Product, "core headlamp") == find(Product, "nite pd36r core") == [light]
    assert find(Product, "fenix nite") == []


@pytest.mark.parametrize("text", ["tindrel fenix", "PD36R", "4006381333931", "weir 9999"])
def test_other_products_are_not_found(variant, text):
    found = {"PD36R": [variant.product]}  # staff may type the beginning of a number
    assert find(Product, text) == found.get(text, [])


def test_a_word_without_a_digit_is_not_searched_in_numbers(variant, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert not find_variants("pro")
        assert not find_variants("5 ")


@pytest.mark.parametrize("text", ["HL-1", "torch HL-1", "PACK"])
def test_all_matches_are_found_beyond_those_read_first(monkeypatch, text):
    monkeypatch.setattr(indexed_search, "MAX_FOUND", 2)
    variants = []
    for number in range(10, 14):
        variants.append(make_variant(make_product(title=f"Torch {number}"), sku=f"HL-{number}"))
        variants[-1].identifiers.create(scheme="mpn", value=f"x:{number}", raw=f"P{number}")
        make_offer(variants[-1], sku=f"L{number}")
    make_offer(make_variant(make_product(title="Lamp"), sku="HL-9"), sku="L9")
    SupplierOffer.objects.exclude(supplier_sku="L9").update(product_external_id="PACK")

    found = [find(model, text) for model in (Variant, Product, SupplierOffer)]

    expected = {each.pk for each in variants} if text != "PACK" else set()
    assert {each.pk for each in found[0]} == expected
    assert len(found[1]) == len(expected)
    assert {each.supplier_sku for each in found[2]} == {"L10", "L11", "L12", "L13"}
