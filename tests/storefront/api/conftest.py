import pytest
import time_machine
from django.core.cache import cache

from tests.factories.api import merchant_caller
from tests.factories.orders import make_sellable
from tests.factories.shipping import make_service
from tests.factories.suppliers import NOON
from tests.storefront.api.schema_client import CART, Caller


@pytest.fixture(autouse=True)
def noon():
    """Freeze time at noon, reset rate limits."""
    cache.clear()
    with time_machine.travel(NOON, tick=False):
        yield NOON


@pytest.fixture
def api():
    return Caller()


@pytest.fixture
def merchant():
    """A caller with a key of all scopes."""
    return merchant_caller()


@pytest.fixture
def listing():
    """A headlamp for 39.99, five of them in Berlin, shipped for 4.90."""
    listing = make_sellable(quantity=5, price="39.99")
    make_service()
    return listing


@pytest.fixture
def cart(api, listing):
    """The URL of a cart with one headlamp; its token is sent with each request."""
    api.open_cart({"country": "DE"})
    api.post(f"{CART}lines/", {"listing_id": listing.pk})
    return CART


@pytest.fixture
def order_request():
    """The request body that places the cart."""
    return {
        "email": "erika@example.org",
        "ship_to": {
            "name": "Erika Muster",
            "line1": "Musterweg 1",
            "postcode": "10115",
            "city": "Berlin",
            "country": "DE",
        },
        "delivery": "economy",
        "total": {"amount": "44.89", "currency": "EUR"},
    }


@pytest.fixture
def placed(api, cart, order_request):
    """The URL of an order, and the answer to its placement."""
    answer = api.post(f"{cart}checkout/", order_request, key="k1").json()
    path = f"/api/v1/orders/{answer['number']}/"
    api.bearers[path] = answer["access_key"]
    return path, answer
