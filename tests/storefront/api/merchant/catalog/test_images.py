import pytest

from catalog.models import Image, Product
from tests.factories.api import ADMIN
from tests.factories.catalog import make_image, make_product, make_variant
from tests.factories.suppliers import NOON
from tests.storefront.api.schema_client import kind_of, pointers

pytestmark = pytest.mark.django_db
URL = "https://images.example/ridge.jpg"


def images_of(product):
    return f"{ADMIN}products/{product.pk}/images/"


def add(merchant, product, key="k1", **changes):
    body = {"url": URL, "role": "main", "alt_texts": {"en": "Ridge 1800", "az": ""}} | changes
    return merchant.post(images_of(product), body, key=key)


def test_image_is_added_fetched_later_and_kept_from_feeds(merchant):
    product = make_product()
    old = make_image(product, stem="abc", role="main")

    answer = add(merchant, product)

    assert answer.status_code == 201
    image = answer.json()
    assert (image["status"], image["position"], image["urls"]) == ("pending", 0, {})
    assert image["alt_texts"] == {"en": "Ridge 1800"}
    assert Image.objects.waiting(NOON).filter(pk=image["id"]).exists()
    old.refresh_from_db()
    assert (old.role, old.position) == ("other", 1)
    assert "images" in Product.objects.get(pk=product.pk).overridden_fields
    assert [row["id"] for row in merchant.get(images_of(product)).json()["results"]] == [
        image["id"],
        old.pk,
    ]
    repeated = add(merchant, product)
    assert repeated.json()["id"] == image["id"]
    assert Image.objects.count() == 2


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"url": "ftp://images.example/a.jpg"}, "#/url"),
        ({"url": "https://user:password@images.example/a.jpg"}, "#/url"),
        ({"role": "best"}, "#/role"),
        ({"alt_texts": {"de": "Lampe"}}, "#/alt_texts"),
        ({"variant_id": 10**9}, "#/variant_id"),
    ],
)
def test_wrong_image_is_refused(merchant, changes, pointer):
    refused = add(merchant, make_product(), **changes)

    assert (refused.status_code, pointers(refused)) == (400, [pointer])
    assert not Image.objects.exists()


def test_second_image_of_one_url_is_refused(merchant):
    product = make_product()
    add(merchant, product)

    assert pointers(add(merchant, product, key="k2")) == ["#/url"]


def test_image_is_changed_if_it_is_the_known_one(merchant):
    variant = make_variant()
    image = make_image(variant.product, stem="abc")
    path = f"{ADMIN}images/{image.pk}/"
    etag = merchant.get(path).headers["ETag"]

    changed = merchant.call(
        "PATCH", path, body={"variant_id": variant.pk, "role": "beam"}, headers={"if-match": etag}
    )
    stale = merchant.call("PATCH", path, body={"role": "side"}, headers={"if-match": etag})

    assert (changed.json()["variant_id"], changed.json()["role"]) == (variant.pk, "beam")
    assert stale.status_code == 412
    image.refresh_from_db()
    assert image.role == "beam"


def test_image_is_deleted(merchant):
    image = make_image(make_product(), stem="abc")
    path = f"{ADMIN}images/{image.pk}/"

    assert merchant.call("DELETE", path).status_code == 204
    assert kind_of(merchant.call("DELETE", path)) == "object-not-found"
    assert not Image.objects.exists()
