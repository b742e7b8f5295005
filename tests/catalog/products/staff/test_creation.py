"""Products and variants that staff create."""

import re

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from catalog.models import Brand, Product, Variant
from tests.factories.catalog import (
    make_brand,
    make_category,
    make_channel,
    make_product,
    make_variant,
)

pytestmark = pytest.mark.django_db
admin.autodiscover()
ADD = reverse("admin:catalog_product_add")
ADD_VARIANT = reverse("admin:catalog_variant_add")


@pytest.fixture
def typed():
    return {
        "title": "Tindrel Weir 370",
        "brand_name": "TINDREL",
        "category": str(make_category().pk),
        "family": "headlamp",
        "option_names": "Color",
        "option_values": "Red",
        "packed_weight_g": "140",
        "lithium": "inside",
        "cell_wh": "4.44",
        "cell_count": "1",
    }


def test_a_product_created_by_staff_is_a_draft_with_one_variant(staff, typed, client):
    brand = make_brand(name="Tindrel")
    make_product(slug="tindrel-weir-370")
    make_channel()

    answer = staff.post(ADD, typed)

    product = Product.objects.get(brand=brand)
    assert answer.url == reverse("admin:catalog_product_change", args=[product.pk])
    assert (product.status, product.title, product.spec.basis) == ("draft", typed["title"], "none")
    assert product.slug.startswith("tindrel-weir-370-")
    variant = product.variants.get()
    assert re.fullmatch(r"HL(-[2-9B-Z]{4}){3}", variant.sku)
    assert (variant.option_values, variant.color, variant.lithium) == (["Red"], "Red", "inside")
    assert (variant.packed_weight_g, variant.cell_count) == (140, 1)
    assert LogEntry.objects.get().get_change_message() == "Added."
    assert client.get(f"/en/p/{product.slug}/").status_code == 404


def test_the_family_is_chosen_from_the_families(staff):
    page = staff.get(ADD).content.decode()

    assert re.search(r'<select name="family".*?<option value="headlamp">', page, re.DOTALL)


def test_an_unknown_brand_is_created(staff, typed):
    staff.post(ADD, typed | {"brand_name": "Novalux"})

    assert Brand.objects.get(key="novalux").name == "Novalux"


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"title": " "}, "title", "required"),
        ({"option_names": "Color, Size"}, "option_names", "Enter each name in its own line"),
        ({"brand_name": "--"}, "brand_name", "letters and digits"),
        ({"option_values": ""}, "option_values", "one value for each option name"),
        ({"option_values": "x" * 61}, "option_values", "longer than 60"),
        ({"family": "battery"}, "category", "does not show products of this family"),
        ({"lithium": ""}, "lithium", "required"),
        ({"cell_wh": ""}, "cell_wh", "watt-hours of one cell"),
        ({"cell_count": ""}, "cell_count", "how many cells"),
    ],
)
def test_wrong_input_is_explained_and_nothing_that_was_typed_is_lost(
    staff, typed, changes, field, words
):
    answer = staff.post(ADD, typed | changes)

    form = answer.context["adminform"].form
    assert words in str(form.errors[field])
    assert {name: form[name].value() for name in typed} == typed | changes
    assert not Product.objects.exists()


def test_several_option_names_in_one_line_are_refused_unless_they_stand_already(staff):
    product = make_product(option_names=["Color, Size"])
    make_variant(product, option_values=["Red, L"])
    page = reverse("admin:catalog_product_change", args=[product.pk])

    def errors(names):
        form = staff.get(page).context["adminform"].form
        form = type(form)({**form.initial, "option_names": names}, instance=product)
        return form.errors.get("option_names")

    assert errors("Color, Size") is None
    assert "Enter each name in its own line" in str(errors("Color; Size"))


def test_a_variant_is_added_to_a_product(staff):
    product = make_product()
    make_variant(product)
    page = reverse("admin:catalog_product_change", args=[product.pk])
    link = re.search(r'href="([^"]*add_variant[^"]*)"', staff.get(page).content.decode())[1]
    shown = staff.get(link, follow=True)
    typed = {"product": str(product.pk), "option_values": "Red", "lithium": "none"}

    answer = staff.post(ADD_VARIANT, typed)
    again = staff.post(ADD_VARIANT, typed)

    assert shown.context["adminform"].form["product"].value() == str(product.pk)
    variant = Variant.objects.get(color="Red")
    assert answer.url == reverse("admin:catalog_variant_change", args=[variant.pk])
    assert (variant.product, variant.position, variant.cell_count) == (product, 1, 0)
    assert f"Variant {variant.sku} has the same options." in again.content.decode()
