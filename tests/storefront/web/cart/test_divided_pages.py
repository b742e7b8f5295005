"""What a shopper sees of a line that comes in two parcels."""

from __future__ import annotations

import pytest

from catalog.models import Channel, Listing
from shipping.rates import quotes
from tests.factories.backorders import also_at
from tests.storefront.web.conftest import WHO

pytestmark = pytest.mark.django_db


@pytest.fixture
def two_places(light):
    """Five lie here, and four there."""
    Channel.objects.update(places_per_line=2)
    also_at(light, quantity=4)
    Listing.objects.filter(pk=light.pk).update(available=9)
    quotes.forget()
    return light


def test_the_pages_say_which_come_in_which_parcel(shopper, two_places):
    shopper.post("/en/cart/add/", {"listing": two_places.pk, "quantity": 9})

    page = shopper.get("/en/cart/").content.decode()

    assert "5 of 9 come in this parcel." in page
    assert "4 of 9 come in this parcel." in page
    assert page.count('name="quantity" type="number"') == 1  # one line, one field
    shopper.post("/en/checkout/", WHO)
    shopper.post("/en/checkout/delivery/", {"tier": "economy"})
    review = shopper.get("/en/checkout/review/").content.decode()
    assert "5 × €39.99" in review
    assert "4 × €39.99" in review
    assert "€199.95" in review
    assert "€159.96" in review


def test_one_more_than_both_have_is_refused_with_what_they_have(shopper, two_places):
    added = shopper.post("/en/cart/add/", {"listing": two_places.pk, "quantity": 10})

    assert added.status_code == 409
    assert "Only 9 can be had right now." in added.content.decode()
