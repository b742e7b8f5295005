import pytest
from django.db import transaction

from catalog.models import Product, ProductText
from catalog.texts.title_updates import update_titles
from tests.factories.catalog import make_brand, make_product, make_spec

pytestmark = pytest.mark.django_db


def titles_of(*, title, brand="Tindrel", family="headlamp", spec=None, override="", locked=()):
    product = make_product(
        title=title, brand=make_brand(name=brand), family=family, overridden_fields=[*locked]
    )
    make_spec(product, **(spec or {}))
    if override:
        ProductText.objects.create(product=product, language="az", title=override)
    with transaction.atomic():
        update_titles([product.pk])
    return Product.objects.get(pk=product.pk).titles


@pytest.mark.parametrize(
    ("title", "family", "spec", "english", "azerbaijani"),
    [
        (
            "Running headlamp Tindrel Weir 370, USB-C",
            "headlamp",
            {"output_lm": 370, "charging": ["usb_c", "solar"]},
            "Tindrel Weir 370 running headlamp, 370 lm, USB-C",
            "Tindrel Weir 370, qaçış üçün baş fənəri, 370 lm, USB-C",
        ),
        (
            "Weir 370",
            "headlamp",
            {"output_lm": None, "charging": []},
            "Tindrel Weir 370 headlamp",
            "Tindrel Weir 370, baş fənəri",
        ),
        (
            "Tindrel L-50 cell, 5000 mAh, with a strap",
            "battery",
            {},
            "Tindrel L-50 cell, 5000 mAh, with a strap",
            "Tindrel L-50, akkumulyator, 5000 mAh",
        ),
        (
            "AAA headlamp Tindrel Rowan 120",
            "headlamp",
            {"output_lm": 120, "charging": []},
            "Tindrel Rowan 120 AAA headlamp, 120 lm",
            "Tindrel Rowan 120, AAA batareyalı baş fənəri, 120 lm",
        ),
        (
            "Tindrel Moth 300 torch, 8.5 lm, set of 2",
            "flashlight",
            {"output_lm": 8, "charging": []},
            "Tindrel Moth 300 flashlight, 8.5 lm, set of 2",
            "Tindrel Moth 300, əl fənəri, 8,5 lm, 2 ədəd",
        ),
    ],
)
def test_a_title_is_made_by_the_template_of_the_family(title, family, spec, english, azerbaijani):
    assert titles_of(title=title, family=family, spec=spec) == {"en": english, "az": azerbaijani}


def test_a_title_of_staff_replaces_the_template():
    titles = titles_of(title="My headlamp 1", override="Mənim fənərim", locked=["title"])
    assert titles == {"az": "Mənim fənərim"}


def test_an_english_title_without_a_model_or_brand_names_neither():
    assert "en" not in titles_of(title="Bright headlamp, waterproof")
    titles = titles_of(
        title="Moth 300 torch", brand="Unbranded", family="flashlight", spec={"charging": []}
    )
    assert titles["en"] == "Moth 300 flashlight, 400 lm"


def test_equal_titles_are_not_written_again():
    product = make_product(title="Weir 370 headlamp")
    with transaction.atomic():
        assert update_titles([product.pk]) == {product.pk}
        assert update_titles([product.pk]) == set()
