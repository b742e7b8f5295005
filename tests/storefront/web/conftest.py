"""Fixtures: a small shop at noon with one headlamp, one service, and a browser without scripts."""

import pytest
import time_machine
from django.core.cache import cache
from django.db import transaction
from django.test import Client

from catalog.search import index
from storefront.accounts.models import User
from tests.factories.catalog import (
    NOON,
    make_category,
    make_channel,
    make_image,
    make_mode,
    make_product,
    make_spec,
    make_variant,
)
from tests.factories.orders import make_sellable
from tests.factories.shipping import make_service

NAMES = {"headlamps": "Başlıq fənərləri", "flashlights": "Əl fənərləri"}


@pytest.fixture(autouse=True)
def noon():
    cache.clear()
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


def make_light(title="Trail 400", slug="trail-400", quantity=5, price="39.99", **spec):
    """Make a light that is published and available."""
    for place, (name, words) in enumerate(NAMES.items()):
        make_category(
            slug=name,
            names={"en": name.capitalize(), "az": words},
            families=(name.removesuffix("s"),),
            position=place,
        )
    product = make_product(
        slug=slug, title=title, category=make_category(slug="headlamps"), summary="A small lamp."
    )
    make_spec(product, **spec)
    make_mode(product)
    make_image(product, stem="a" * 32)
    listing = make_sellable(
        quantity=quantity,
        price=price,
        variant=make_variant(product),
        ships_from={"DE": quantity},
    )
    shelve(product)
    return listing


def shelve(*products):
    with transaction.atomic():
        index.reindex(product_ids=[each.pk for each in products], channel=make_channel())


@pytest.fixture
def light():
    listing = make_light()
    make_service()
    return listing


@pytest.fixture
def customer(client):
    """A browser: it sends the origin of its forms."""
    client.defaults |= {"HTTP_SEC_FETCH_SITE": "same-origin"}
    return client


@pytest.fixture
def client_of_another():
    """Another browser."""
    return Client(HTTP_SEC_FETCH_SITE="same-origin")


@pytest.fixture
def filled(customer, light):
    """A customer with one headlamp in the cart."""
    customer.post("/en/cart/add/", {"listing": light.pk, "quantity": 1})
    return customer


WHO = {
    "email": "erika@example.org",
    "name": "Erika Muster",
    "line1": "Musterweg 1",
    "postcode": "10115",
    "city": "Berlin",
    "country": "DE",
}


@pytest.fixture
def staff_of_shop():
    """A staff member, in another browser."""
    desk = Client()
    desk.force_login(User.objects.create_superuser("staff@fara.example", "a password"))
    return desk
