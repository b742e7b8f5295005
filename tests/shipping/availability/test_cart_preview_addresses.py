"""A preview with a postcode costs what a real cart costs."""

from decimal import Decimal

import pytest
from django.core.cache import cache

from orders.models import TaxRate
from orders.routing.ranking import DEFAULT_RULES
from shipping.availability import cart_preview
from shipping.models import LiveRateLocation
from shipping.rates import quotes
from storefront.web.cart import summary
from tests.factories.orders import make_cart, make_sellable
from tests.factories.pricing import make_terms
from tests.factories.shipping import make_service
from tests.factories.suppliers import NOON
from tests.shipping.rates.test_live_rates import Freighter, connect, option

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh():
    cache.clear()


@pytest.fixture
def light():
    """A light whose location has live rates."""
    listing = make_sellable()
    listing.variant.refresh_from_db()
    make_terms(channel=listing.channel)
    make_service(base_amount="1.00")
    LiveRateLocation.objects.create(location=listing.level.location)
    return listing


def preview(light, country="DE", **place):
    return cart_preview.preview(
        wanted={light.variant_id: 1},
        channel=light.channel,
        country=country,
        rules=DEFAULT_RULES,
        now=NOON,
        **place,
    )


def test_a_postcode_asks_for_live_rates_as_a_cart_does(monkeypatch, light):
    supplier = connect(monkeypatch, lumen=Freighter(option("5.00")))
    cart = make_cart(light)
    cart.ship_to = {"country": "DE", "postcode": "10115"}

    without = preview(light)
    assert supplier.asked == []
    found = preview(light, postcode="10115")
    (_, ship_to, _) = supplier.asked[0]
    real = summary.summarize(cart=cart, country="DE", now=NOON)

    assert (ship_to.country, ship_to.postcode) == ("DE", "10115")
    assert [one.price for one in found.quotes] == [one.price for one in real.quotes]
    assert [one.price for one in found.quotes] != [one.price for one in without.quotes]
    assert (without.asks_live_rates, found.asks_live_rates) == (True, False)
    assert len(supplier.asked) == 1  # the cart used the cached answer of the preview


def test_a_refusal_of_the_postcode_applies_to_the_preview(monkeypatch, light):
    connect(monkeypatch, lumen=Freighter())

    found = preview(light, postcode="27498")

    assert found.quotes == []
    assert found.reasons


def test_margins_use_the_tax_of_the_region():
    light = make_sellable()
    light.variant.refresh_from_db()
    make_terms(channel=light.channel)
    make_service(countries=["US"])
    for region, rate in (("", "0.05"), ("CA", "0.25")):
        TaxRate.objects.create(
            country="US", region=region, rate=Decimal(rate), valid_from=NOON.date()
        )
    quotes.clear_cache()

    def net(**place):
        return preview(light, "US", **place).accounts[light.variant_id].net.amount

    assert net(region="California") < net()
