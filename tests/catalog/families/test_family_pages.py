"""Families that staff add: from the page to import, search, product page and export."""

import io

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection
from django.urls import reverse

from catalog.attributes.families import BUILT_IN
from catalog.families import admin as family_admin
from catalog.listings import publication
from catalog.listings.tasks import republish_family
from catalog.models import (
    Category,
    CustomAttribute,
    Listing,
    Product,
    ProductCard,
    ProductFamily,
    Spec,
    Variant,
    families,
)
from catalog.models.families import load_families
from catalog.search.query_parser import split_terms
from catalog.search.vocabulary import meanings_of
from tests.factories.catalog import make_category, make_listing, make_product
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


def test_the_list_names_the_category(dive, admin_client):
    Category.objects.filter(slug="dive-lights").update(names={"en": "Lights for diving"})

    page = admin_client.get(reverse("admin:catalog_productfamily_changelist"), {"q": "dive"})

    assert "Lights for diving" in page.content.decode()


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
        ({"names_en": "Cave lamp"}, "Add a word that recognizes “Cave lamp”"),
        ({"names_en": "Headlamp"}, "as the family “headlamp”"),
    ],
)
def test_a_family_is_checked(admin_client, changes, message):
    make_category(slug="headlamps")

    answer = admin_client.post(ADD, DIVE | {"category": "headlamps"} | changes)

    assert message in answer.content.decode()
    assert not ProductFamily.objects.filter(code="dive_light").exists()


def test_the_category_of_imported_products_shows_a_new_family(admin_client):
    category = make_category(slug="dive-lights", families=("flashlight",))

    admin_client.post(ADD, DIVE)
    category.refresh_from_db()
    assert category.families == ["flashlight", "dive_light"]

    row = ProductFamily.objects.get(code="dive_light")
    admin_client.post(reverse("admin:catalog_productfamily_delete", args=[row.pk]), {"post": "yes"})
    category.refresh_from_db()
    assert category.families == ["flashlight"]


def test_a_family_chooses_its_custom_attributes(dive, admin_client):
    _own, taken, _other = (
        CustomAttribute.objects.create(
            code=code, names={"en": code.title()}, kind="yes_no", families=families
        )
        for code, families in (
            ("own", ["dive_light"]),
            ("taken", ["headlamp"]),
            ("other", ["lantern"]),
        )
    )
    page = reverse("admin:catalog_productfamily_change", args=[dive.pk])

    answer = admin_client.post(page, DIVE | {"attributes": ["taken"]})
    assert "“Own” belongs to this family only" in answer.content.decode()
    assert admin_client.post(page, DIVE | {"attributes": ["own", "taken"]}).status_code == 302

    assert list(CustomAttribute.objects.order_by("pk").values_list("families", flat=True)) == [
        ["dive_light"],
        ["headlamp", "dive_light"],
        ["lantern"],
    ]
    admin_client.post(page, DIVE | {"attributes": ["own"]})
    taken.refresh_from_db()
    assert taken.families == ["headlamp"]


def test_the_only_family_of_a_category_is_not_deleted(dive, admin_client):
    Category.objects.filter(slug=dive.category).update(families=[dive.code])
    delete = reverse("admin:catalog_productfamily_delete", args=[dive.pk])

    assert admin_client.post(delete, {"post": "yes"}).status_code == 403


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


def edited(family, **changes):
    names = {f"names_{code}": text for code, text in family.names.items()}
    fields = ("kind", "category", "sku_prefix", "match_priority", "search_words", "position")
    known = {name: getattr(family, name) for name in fields}
    limit = family.max_first_price_eur or ""
    words = ", ".join(family.words)
    return {**names, **known, "max_first_price_eur": limit, "words": words, **changes}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [({"kind": "battery"}, ["headlamp"]), ({"names_en": "Head lamp"}, ["headlamp"]),
     ({"position": "7"}, [])],
)  # fmt: skip
def test_a_new_kind_or_name_publishes_the_products_again(
    admin_client, monkeypatch, django_capture_on_commit_callbacks, changes, expected
):
    queued = []
    monkeypatch.setattr(family_admin, "enqueue", lambda _task, family: queued.append(family))
    row = ProductFamily.objects.get(code="headlamp")
    make_category(slug=row.category)
    page = reverse("admin:catalog_productfamily_change", args=[row.pk])

    with django_capture_on_commit_callbacks(execute=True):
        assert admin_client.post(page, edited(row, **changes)).status_code == 302

    assert queued == expected


def test_listings_that_a_new_kind_makes_incomplete_are_hidden_at_once():
    product = make_listing().variant.product
    Product.objects.update(family="headlamp")
    Spec.objects.update(battery_format="")
    for kind, is_published in (("battery", False), ("light", True)):
        ProductFamily.objects.filter(code="headlamp").update(kind=kind)

        assert republish_family(family="headlamp") == 1

        assert Listing.objects.get().is_published is is_published
        assert ProductCard.objects.filter(product=product).exists() is is_published


def test_the_products_of_a_large_family_are_published_in_parts(monkeypatch):
    for _number in range(5):
        make_listing()
    Product.objects.update(family="headlamp")
    Spec.objects.update(battery_format="")
    ProductFamily.objects.filter(code="headlamp").update(kind="battery")
    monkeypatch.setattr(publication, "MAX_PER_TASK", 2)
    monkeypatch.setattr(republish_family, "delay", lambda **part: done.append(part))
    done = [{"family": "headlamp"}]

    counts = [republish_family(**part) for part in done]  # each part queues the next one

    assert counts == [2, 2, 1]
    assert not Listing.objects.filter(is_published=True).exists()
