"""Variant page: edit options, weight, battery, customs code, status and successor."""

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from catalog.models import Listing, Product, ProductCard, Variant
from tests.factories.catalog import make_listing, make_product, make_spec, make_variant
from tests.support.admin_forms import filled_form

pytestmark = pytest.mark.django_db
admin.autodiscover()


@pytest.fixture
def variant():
    return make_listing(make_variant(sku="HL-ONE")).variant


def edit(staff, variant, **changes):
    url = reverse("admin:catalog_variant_change", args=[variant.pk])
    answer = staff.post(url, filled_form(staff.get(url)) | changes)
    variant.refresh_from_db()
    return answer


def test_edited_fields_are_saved_locked_and_recorded(staff, variant):
    saved = edit(staff, variant, option_values="Red", packed_weight_g="180", hs_code="8513 10")

    assert saved.status_code == 302
    assert (variant.option_values, variant.color) == (["Red"], "Red")
    assert (variant.packed_weight_g, variant.hs_code, variant.sku) == (180, "851310", "HL-ONE")
    # The customs code is the same, only spaced.
    assert variant.overridden_fields == ["color", "option_values", "packed_weight_g"]
    assert "Packed weight, g: 140 → 180" in LogEntry.objects.get().get_change_message()
    staff.post(
        reverse("admin:catalog_variant_return", args=[variant.pk]), {"field": "packed_weight_g"}
    )
    variant.refresh_from_db()
    assert variant.overridden_fields == ["color", "option_values"]


def test_markup_in_an_option_name_of_a_supplier_is_shown_as_text(staff, variant):
    Product.objects.update(option_names=["<script>alert(1)</script>"])

    page = staff.get(reverse("admin:catalog_variant_change", args=[variant.pk])).content.decode()

    assert "in this order: &lt;script&gt;" in page
    assert "<script>alert(1)" not in page


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"option_values": "Red\nSmall"}, "option_values", "Enter 1 lines: Color."),
        ({"option_values": "Green"}, "option_values", "Variant HL-TWO has the same options."),
        ({"option_values": "x" * 61}, "option_values", "longer than 60"),
        ({"packed_weight_g": "200000"}, "packed_weight_g", "from 1 to 100000 g"),
        ({"hs_code": "85"}, "hs_code", "6 to 10 digits"),
        ({"replaced_by": "HL-NONE"}, "replaced_by", "No variant has this SKU"),
        ({"cell_wh": ""}, "cell_wh", "watt-hours of one cell"),
        ({"cell_count": "0"}, "cell_count", "how many cells"),
    ],
)
def test_wrong_input_is_explained_beside_its_field(staff, variant, changes, field, words):
    make_variant(variant.product, sku="HL-TWO", option_values=["Green"])

    answer = edit(staff, variant, **changes)

    assert words in str(answer.context["adminform"].form.errors[field])
    assert variant.overridden_fields == []


def test_a_discontinued_variant_is_not_sold_and_its_page_links_to_its_successor(
    staff, variant, client
):
    successor = make_listing(make_variant(sku="HL-NEW")).variant
    between = make_variant(sku="HL-MID", replaced_by=successor, status="discontinued")
    page = reverse("product", args=[variant.product.slug])
    edit(staff, variant, status="phasing_out", replaced_by=between.sku)
    assert Listing.objects.get(variant=variant).is_published
    assert ProductCard.objects.filter(product=variant.product).exists()

    edit(staff, variant, status="discontinued")

    listing = Listing.objects.get(variant=variant)
    assert (listing.is_published, listing.available) == (False, 20)
    assert not ProductCard.objects.filter(product=variant.product).exists()
    answer = client.get(page, follow=True)
    assert answer.status_code == 410
    assert reverse("product", args=[successor.product.slug]) in answer.content.decode()


def test_a_variant_cannot_replace_its_successor(staff, variant):
    successor = make_variant(sku="HL-NEW", replaced_by=variant)

    answer = edit(staff, variant, replaced_by=successor.sku)

    assert "this variant replaces it" in answer.content.decode()
    assert variant.replaced_by is None
    assert Variant.objects.filter(replaced_by=variant).get() == successor


def test_a_variant_cannot_replace_itself(staff, variant):
    answer = edit(staff, variant, replaced_by=variant.sku)

    assert "A variant cannot replace itself." in answer.content.decode()


def test_a_successor_is_found_in_lower_case(staff, variant):
    successor = make_variant(sku="HL-NEW")

    edit(staff, variant, replaced_by=" hl-new ")

    variant.refresh_from_db()
    assert variant.replaced_by == successor


def test_products_that_replace_each_other_have_no_successor(staff, variant, client):
    other = make_product(slug="other")
    make_spec(other)
    replaced = make_variant(other, sku="HL-OLD", status="discontinued", replaced_by=variant)
    Variant.objects.filter(pk=variant.pk).update(status="discontinued", replaced_by=replaced)
    Listing.objects.update(is_published=False)

    answer = client.get(reverse("product", args=["other"]), follow=True)

    assert answer.status_code == 410
    assert "Its successor" not in answer.content.decode()
