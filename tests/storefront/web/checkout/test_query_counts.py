"""Query counts of a guest's checkout, per request."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.custom_attributes import registry
from catalog.models import families
from catalog.texts import options
from orders.gateways import gateway_for
from orders.models import Order
from storefront.identity import current
from tests.storefront.web.checkout.test_views import agreed
from tests.storefront.web.conftest import WHO

pytestmark = pytest.mark.django_db(transaction=True)

MAX_QUERIES = {
    "product": 4,
    "add": 2,
    "cart": 2,
    "address": 1,
    "address, sent": 2,
    "delivery": 1,
    "delivery, sent": 2,
    "review": 1,
    "place": 11,
    "back": 12,
    "thanks": 6,
}


def buy(customer, light):
    """Buy and pay a light; return the number of queries of each request."""
    counts = {}

    def count(step, ask):
        with CaptureQueriesContext(connection) as queries:
            response = ask()
        assert response.status_code < 400
        counts[step] = len(queries)
        return response

    customer.cookies.clear()
    wanted = {"listing": light.pk, "quantity": 1}
    count("product", lambda: customer.get("/en/p/trail-400/"))
    count("add", lambda: customer.post("/en/cart/add/", wanted))
    count("cart", lambda: customer.get("/en/cart/"))
    count("address", lambda: customer.get("/en/checkout/"))
    count("address, sent", lambda: customer.post("/en/checkout/", WHO))
    count("delivery", lambda: customer.get("/en/checkout/delivery/"))
    tier = {"tier": "economy"}
    count("delivery, sent", lambda: customer.post("/en/checkout/delivery/", tier))
    review = count("review", lambda: customer.get("/en/checkout/review/"))
    amount = {"agreed": agreed(review)}
    count("place", lambda: customer.post("/en/checkout/place/", amount))
    order = Order.objects.latest("pk")
    gateway_for("fake").authorize(order.payments.get().reference)
    page = f"/en/orders/{order.number}/{order.access_key}/"
    count("back", lambda: customer.get(f"{page}paid/"))
    count("thanks", lambda: customer.get(page))
    return counts


def test_checkout_query_counts(customer, light, monkeypatch):
    for module in (families, registry, options, current):  # nothing expires in the middle
        monkeypatch.setattr(module, "CACHE_S", 3600.0)
    for module, name in ((families, "_cached"), (registry, "_cached"), (current, "_artwork")):
        monkeypatch.setattr(module, name, None)
    monkeypatch.setattr(current, "_cached", None)
    options.clear_cache()
    buy(customer, light)  # fills the caches

    counts = buy(customer, light)

    assert Order.objects.filter(status="placed").count() == 2
    assert {step: asked for step, asked in counts.items() if asked > MAX_QUERIES[step]} == {}
