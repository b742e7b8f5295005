"""Locked fields on staff pages: who may return them to a feed, and when there is a feed."""

import pytest
from django.urls import reverse

from catalog.models import Identifier
from tests.factories.accounts import make_staff
from tests.factories.catalog import make_channel, make_product, make_variant

pytestmark = pytest.mark.django_db
BUTTON = "Return to supplier data"


@pytest.fixture
def variant():
    make_channel()
    product = make_product(overridden_fields=["title"])
    return make_variant(product, overridden_fields=["color"])


def pages(client, variant):
    """Return the pages of the product and of the variant."""
    rows = (variant.product, variant)
    names = [f"admin:catalog_{row._meta.model_name}_change" for row in rows]
    urls = [reverse(name, args=[row.pk]) for name, row in zip(names, rows, strict=True)]
    return [client.get(url).content.decode() for url in urls]


def feed(variant):
    scheme = Identifier.Scheme.SUPPLIER
    Identifier.objects.create(variant=variant, scheme=scheme, value=f"cj:{variant.sku}")


def test_a_field_that_a_feed_fills_can_be_returned(staff, variant):
    feed(variant)

    assert [BUTTON in html for html in pages(staff, variant)] == [True, True]


def test_no_feed_fills_what_staff_created(staff, variant):
    feed(make_variant(variant.product))  # a supplier added a variant later

    product, of_variant = pages(staff, variant)

    assert (BUTTON in product, BUTTON in of_variant) == (False, False)
    assert "<li>Title</li>" in product
    assert "<li>Color</li>" in of_variant


def test_a_reader_returns_nothing_and_cannot_add_split_or_merge(client, variant):
    feed(variant)
    client.force_login(make_staff("reader", "view_product", "view_variant"))

    for html in pages(client, variant):
        assert BUTTON not in html
        assert "Add variant" not in html
        assert "call_split" not in html


def test_only_staff_who_may_add_variants_are_offered_it(client, staff, variant):
    url = reverse("admin:catalog_product_change", args=[variant.product_id])
    assert "Add variant" in staff.get(url).content.decode()

    client.force_login(make_staff("clerk", "change_product", "view_product"))
    assert "Add variant" not in client.get(url).content.decode()
