"""Products and variants of the merchant API: read, filtered, created and changed as by staff."""

from datetime import timedelta
from functools import partial

import pytest

from catalog.models import FieldChange, Product, Variant
from storefront.lib.state_machine import StatusChange
from tests.factories.api import ADMIN
from tests.factories.catalog import (
    make_category,
    make_channel,
    make_image,
    make_listing,
    make_product,
    make_variant,
)
from tests.factories.competitors import make_identifier
from tests.factories.suppliers import NOON
from tests.storefront.api.schema_client import Caller, kind_of, pointers
from tests.support.concurrency import all_at_once

pytestmark = pytest.mark.django_db
PRODUCTS, VARIANTS = f"{ADMIN}products/", f"{ADMIN}variants/"


def new_product(**changes):
    return {
        "title": "Ridge 1800",
        "brand": "Northbeam",
        "category": "headlamps",
        "family": "headlamp",
        "option_names": ["Color"],
        "summary": "Bright.",
        "description_html": "<p>Bright</p><script>x</script>",
        "variant": {
            "options": ["Black"],
            "lithium": "inside",
            "cell_wh": "12.60",
            "cell_count": 1,
            "packed_weight_g": 200,
        },
    } | changes


def ids(answer):
    return [row["id"] for row in answer.json()["results"]]


def patch(caller, path, body, **headers):
    return caller.call("PATCH", path, body=body, headers=headers)


def test_product_is_shown_with_what_is_expanded(merchant):
    variant = make_variant(sku="HL-1")
    make_identifier(variant)
    make_identifier(variant, scheme="mpn", value="fara:h1")
    make_identifier(variant, scheme="supplier", value="lumen:77")
    make_image(variant.product, stem="abc")
    path = f"{PRODUCTS}{variant.product_id}/"

    plain = merchant.get(path).json()
    whole = merchant.get(path, {"expand": "variants,images"}).json()

    assert plain["brand"] == variant.product.brand.name
    assert not {"variants", "images"} & plain.keys()
    assert whole["variants"][0]["sku"] == "HL-1"
    numbers = [(each["type"], each["number"]) for each in whole["variants"][0]["identifiers"]]
    assert numbers == [("gtin", "04006381333931"), ("mpn", "h1")]
    assert whole["images"][0]["urls"]["900"].endswith("/abc-900.webp")
    assert "lumen" not in str(whole)


def test_products_are_filtered(merchant):
    lamp, other = make_variant(sku="HL-1"), make_variant(sku="HL-2")
    make_identifier(lamp)
    Product.objects.filter(pk=other.product_id).update(
        status="draft", updated_at=NOON - timedelta(days=1)
    )
    make_listing(lamp)

    for query in (
        {"sku": "HL-1"},
        {"gtin": "4006381333931"},
        {"status": "live"},
        {"channel": "shop"},
        {"updated_since": NOON.isoformat()},
    ):
        assert ids(merchant.get(PRODUCTS, query)) == [lamp.product_id], query
    assert ids(merchant.get(VARIANTS, {"gtin": "4006381333931"})) == [lamp.pk]
    assert ids(merchant.get(VARIANTS, {"sku": "HL-2"})) == [other.pk]
    assert ids(merchant.get(VARIANTS, {"product_id": str(lamp.product_id)})) == [lamp.pk]
    refused = merchant.get(PRODUCTS, {"gtin": "4006381333932"})
    assert (refused.status_code, kind_of(refused)) == (400, "invalid-parameters")


def test_changes_are_paged_by_time_of_change(merchant):
    old, new = make_product(), make_product()
    Product.objects.filter(pk=old.pk).update(updated_at=NOON + timedelta(minutes=1))
    query = {"updated_since": NOON.isoformat(), "limit": "1"}

    first = merchant.get(PRODUCTS, query)
    second = merchant.follow(first.json())

    assert ids(first) == [new.pk]
    assert ids(second) == [old.pk]


def test_list_takes_as_many_statements_for_many_rows(merchant, django_assert_num_queries):
    for _ in range(3):
        make_image(make_variant().product, stem="abc")
    query = {"expand": "variants,images"}
    merchant.get(PRODUCTS, query)

    with django_assert_num_queries(5):  # key, products, variants, identifiers, images
        assert len(ids(merchant.get(PRODUCTS, query))) == 3


def test_product_is_created_as_a_draft_once(merchant):
    make_category()

    first = merchant.post(PRODUCTS, new_product(), key="k1")
    again = merchant.post(PRODUCTS, new_product(), key="k1")

    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    product = Product.objects.get()
    assert (product.status, product.brand.name) == ("draft", "Northbeam")
    assert product.description_html == "<p>Bright</p>"
    assert {"title", "summary", "description_html"} <= {*product.overridden_fields}
    variant = product.variants.get()
    assert (variant.color, variant.cell_count, variant.lithium) == ("Black", 1, "inside")
    change = FieldChange.objects.filter(product=product).first()
    assert (change.source, change.actor) == ("api", "key erp")


@pytest.mark.django_db(transaction=True)
def test_simultaneous_creations_with_one_key_are_one_product(merchant):
    make_category()
    answers = []

    def create():
        answers.append(Caller(merchant.bearers).post(PRODUCTS, new_product(), key="k1"))

    all_at_once([create] * 8, ())

    assert [answer.status_code for answer in answers] == [201] * 8
    assert all(answer.json() == answers[0].json() for answer in answers)
    assert Product.objects.count() == 1


def test_invalid_product_names_each_field(merchant):
    make_category()
    variant = {"options": [], "lithium": "inside"}

    refused = merchant.post(PRODUCTS, new_product(variant=variant, brand="!"), key="k1")
    unknown = merchant.post(PRODUCTS, new_product(category="x", price="1"), key="k2")

    assert {*pointers(refused)} >= {"#/brand", "#/variant/options"}
    assert {*pointers(unknown)} == {"#/price"}
    assert not Product.objects.exists()


def test_creation_needs_an_idempotency_key(merchant):
    answer = merchant.post(PRODUCTS, new_product())

    assert (answer.status_code, kind_of(answer)) == (400, "idempotency-key-required")


def test_product_change_is_locked_against_feeds_and_recorded(merchant):
    product = make_product(status="draft")

    answer = patch(merchant, f"{PRODUCTS}{product.pk}/", {"title": "Ridge 2000"})

    assert answer.json()["title"] == "Ridge 2000"
    product.refresh_from_db()
    assert (product.title, product.overridden_fields) == ("Ridge 2000", ["title"])
    assert FieldChange.objects.filter(product=product, source="api", actor="key erp").exists()


def test_status_follows_the_transitions_of_staff(merchant):
    make_channel()
    product = make_product(status="draft")
    path = f"{PRODUCTS}{product.pk}/"

    refused = patch(merchant, path, {"status": "live"})
    archived = patch(merchant, path, {"status": "archived"})

    assert (refused.status_code, kind_of(refused)) == (409, "invalid-status")
    assert refused.json()["reason"].startswith("Enter these values first")
    assert archived.json()["status"] == "archived"
    assert StatusChange.objects.get().actor == "key erp"


def test_category_must_show_the_family(merchant):
    product = make_product()
    make_category(slug="lanterns", families=("lantern",))

    answer = patch(merchant, f"{PRODUCTS}{product.pk}/", {"category": "lanterns"})

    assert pointers(answer) == ["#/category"]


@pytest.mark.parametrize("field", ["title", "brand"])
def test_text_of_which_cleaning_leaves_nothing_is_refused(merchant, field):
    product = make_product()

    answer = patch(merchant, f"{PRODUCTS}{product.pk}/", {field: "\N{ELECTRIC TORCH}"})

    assert pointers(answer) == [f"#/{field}"]


def test_stale_etag_changes_nothing(merchant):
    product = make_product()
    path = f"{PRODUCTS}{product.pk}/"
    etag = merchant.get(path).headers["etag"]

    first = patch(merchant, path, {"title": "A"}, if_match=etag)
    second = patch(merchant, path, {"title": "B"}, if_match=etag)
    third = patch(merchant, path, {"title": "C"}, if_match=first.headers["etag"])

    assert (second.status_code, kind_of(second)) == (412, "precondition-failed")
    assert (first.status_code, third.json()["title"]) == (200, "C")


@pytest.mark.django_db(transaction=True)
def test_one_of_simultaneous_changes_with_the_same_etag_wins(merchant):
    product = make_product()
    path = f"{PRODUCTS}{product.pk}/"
    etag = merchant.get(path).headers["etag"]
    answers = []

    def change(title):
        caller = Caller(merchant.bearers)
        answers.append((title, patch(caller, path, {"title": title}, if_match=etag)))

    all_at_once([partial(change, title) for title in "ABCDEF"], ())

    won = [title for title, answer in answers if answer.status_code == 200]
    assert sorted(answer.status_code for _title, answer in answers) == [200] + [412] * 5
    assert [Product.objects.get().title] == won


def test_variant_is_added_and_changed(merchant):
    product = make_product(option_names=["Color"])
    body = {"options": ["Red"], "lithium": "none"}

    made = merchant.post(f"{PRODUCTS}{product.pk}/variants/", body, key="k1").json()
    same = merchant.post(f"{PRODUCTS}{product.pk}/variants/", body, key="k2")
    path = f"{VARIANTS}{made['id']}/"
    changes = {"options": ["Blue"], "hs_code": "8513 10", "gtin": "4006381333931"}
    changed = patch(merchant, path, changes).json()

    assert merchant.get(path).json() == changed
    assert (made["color"], made["options"]) == ("Red", ["Red"])
    assert pointers(same) == ["#/options"]
    assert (changed["options"], changed["color"], changed["hs_code"]) == (
        ["Blue"],
        "Blue",
        "851310",
    )
    assert changed["identifiers"][0]["number"] == "04006381333931"
    variant = Variant.objects.get(pk=made["id"])
    assert {"option_values", "hs_code"} <= {*variant.overridden_fields}


def test_variant_with_a_lithium_battery_needs_its_energy(merchant):
    variant = make_variant(lithium="none", cell_wh=None, cell_count=0)

    answer = patch(merchant, f"{VARIANTS}{variant.pk}/", {"lithium": "inside"})

    assert {*pointers(answer)} == {"#/cell_wh", "#/cell_count"}


def test_gtin_of_another_variant_is_refused(merchant):
    make_identifier(make_variant(sku="HL-1"))
    other = make_variant()

    answer = patch(merchant, f"{VARIANTS}{other.pk}/", {"gtin": "4006381333931"})

    assert answer.json()["errors"][0] == {"pointer": "#/gtin", "detail": "HL-1 has this number."}


def test_part_number_is_added(merchant):
    variant = make_variant()

    changed = patch(merchant, f"{VARIANTS}{variant.pk}/", {"mpn": "NB-1800"}).json()
    empty = patch(merchant, f"{VARIANTS}{variant.pk}/", {"mpn": "--"})

    assert [(each["type"], each["number"]) for each in changed["identifiers"]] == [
        ("mpn", "nb1800")
    ]
    assert pointers(empty) == ["#/mpn"]


def test_unknown_rows_are_not_found(merchant):
    for path in (f"{PRODUCTS}1/", f"{VARIANTS}1/", f"{PRODUCTS}99999999999999999999/"):
        assert merchant.get(path).status_code == 404
        assert patch(merchant, path, {}).status_code == 404
