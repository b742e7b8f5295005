"""Families that staff add: from the page to import, search, product page and export."""

import io

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection
from django.urls import reverse

from catalog.attributes.families import BUILT_IN
from catalog.models import Product, ProductFamily, Variant, families
from catalog.models.families import load_families
from catalog.search.query_parser import split_terms
from catalog.search.vocabulary import meanings_of
from tests.factories.catalog import make_category, make_product
from tests.factories.product_records import CLAIMS, make_product_record, take_in

pytestmark = pytest.mark.django_db
ADD = reverse("admin:catalog_productfamily_add")
DIVE = {
    "code": "dive_light",
    "names_en": "Dive light",
    "names_az": "Dalğıc fənəri",
    "kind": "light",
    "category": "dive-lights",
    "sku_prefix": "DL",
    "max_first_price_eur": "900",
    "words": "dive light, dive torch",
    "match_priority": "25",
    "search_words": "scuba",
    "position": "9",
}


@pytest.fixture
def dive(admin_client, monkeypatch):
    make_category(slug="dive-lights", families=())
    assert admin_client.post(ADD, DIVE).status_code == 302
    monkeypatch.setattr(families, "_cached", None)
    return ProductFamily.objects.get(code="dive_light")


def test_a_new_shop_has_the_built_in_families():
    assert list(load_families()) == list(BUILT_IN)


@pytest.mark.parametrize(
    ("title", "path", "family"),
    [
        ("Orca D710 dive torch", (), "dive_light"),
        ("Orca D710", ("Sports", "Dive torches"), "dive_light"),
        ("Orca D710 Dive-Light", ("Torches & headlamps",), "dive_light"),
        ("Strap for a dive light", (), "accessory"),
        ("Weir 370 torch", (), "flashlight"),
    ],
)
def test_an_import_recognizes_a_family_by_its_words(dive, title, path, family):
    take_in(make_product_record(title=title, category_path=path, claims=CLAIMS))

    product = Product.objects.get()
    assert product.family == family
    if family == dive.code:
        assert product.category.slug == "dive-lights"
        assert Variant.objects.get().sku.startswith("DL-")


def test_the_words_of_a_family_name_its_products_in_a_search(dive):
    meanings = meanings_of(load_families())

    (term,) = split_terms("dalğıc fənəri", meanings=meanings)

    assert term.meaning.families == {"dive_light"}
    assert "dive_light" in split_terms("light", meanings=meanings)[0].meaning.families


def test_staff_create_and_filter_products_of_a_family(dive, admin_client):
    make_product(title="Old headlamp")
    entered = {
        "title": "Orca D710",
        "brand_name": "Orca",
        "category": str(make_category(slug="dive-lights").pk),
        "family": "dive_light",
        "lithium": "none",
    }

    assert admin_client.post(reverse("admin:catalog_product_add"), entered).status_code == 302

    page = admin_client.get(reverse("admin:catalog_product_changelist"), {"family": "dive_light"})
    text = page.content.decode()
    assert "Orca D710" in text
    assert "Old headlamp" not in text
    assert ">Dive light<" in text.replace("\n", "").replace("  ", "")


def test_an_export_of_a_family_is_imported_into_it(dive, tmp_path):
    take_in(make_product_record(title="Orca dive torch", category_path=(), claims=CLAIMS))
    Product.objects.update(title="Orca D710")

    file = tmp_path / "export.csv"
    call_command("export_catalog", str(file), stdout=io.StringIO())

    assert "Dive light" in file.read_text(encoding="utf-8-sig")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"names_en": ""}, "Enter the English name."),
        ({"category": "nowhere"}, "nowhere is not one of the available choices"),
        ({"sku_prefix": "dl"}, "two to four capital letters"),
        ({"code": "headlamp"}, "already exists"),
        ({"words": ""}, "Add a word that recognizes “Dive light”"),
        ({"names_en": "Headlamp"}, "as the family “headlamp”"),
    ],
)
def test_a_family_is_checked(admin_client, changes, message):
    make_category(slug="headlamps")

    answer = admin_client.post(ADD, DIVE | {"category": "headlamps"} | changes)

    assert message in answer.content.decode()
    assert not ProductFamily.objects.filter(code="dive_light").exists()


def test_a_family_in_use_is_not_deleted(dive, admin_client):
    product = make_product(family=dive.code)
    delete = reverse("admin:catalog_productfamily_delete", args=[dive.pk])

    assert admin_client.post(delete, {"post": "yes"}).status_code == 403
    product.delete()
    assert admin_client.post(delete, {"post": "yes"}).status_code == 302
    assert not ProductFamily.objects.filter(code=dive.code).exists()


def test_a_product_has_a_known_family():
    make_product(family="dive_light")

    with pytest.raises(IntegrityError):
        connection.check_constraints()
