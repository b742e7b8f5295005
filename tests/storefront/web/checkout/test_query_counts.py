"""Query counts of a guest's checkout, per request."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from orders.gateways import gateway_for
from orders.models import Order
from tests.storefront.web.checkout.test_views import agreed
from tests.storefront.web.conftest import WHO

pytestmark = pytest.mark.django_db(transaction=True)

MOST = {
    "product": 4,
    "add": 3,
    "cart": 3,
    "address": 2,
    "address, sent": 2,
    "delivery": 2,
    "delivery, sent": 3,
    "review": 2,
    "place": 14,
    "back": 18,  # one records the payment request
    "thanks": 4,
}


def buy(shopper, light):
    """Buy and pay a light; return the statements of each request."""
    counts = {}

    def count(step, ask):
        with CaptureQueriesContext(connection) as queries:
            response = ask()
        assert response.status_code < 400
        counts[step] = len(queries)
        return response

    shopper.cookies.clear()
    wanted = {"listing": light.pk, "quantity": 1}
    count("product", lambda: shopper.get("/en/p/trail-400/"))
    count("add", lambda: shopper.post("/en/cart/add/", wanted))
    count("cart", lambda: shopper.get("/en/cart/"))
    count("address", lambda: shopper.get("/en/checkout/"))
    count("address, sent", lambda: shopper.post("/en/checkout/", WHO))
    count("delivery", lambda: shopper.get("/en/checkout/delivery/"))
    tier = {"tier": "economy"}
    count("delivery, sent", lambda: shopper.post("/en/checkout/delivery/", tier))
    review = count("review", lambda: shopper.get("/en/checkout/review/"))
    amount = {"agreed": agreed(review)}
    count("place", lambda: shopper.post("/en/checkout/place/", amount))
    order = Order.objects.latest("pk")
    gateway_for("fake").authorize(order.payments.get().reference)
    page = f"/en/orders/{order.number}/{order.access_key}/"
    count("back", lambda: shopper.get(f"{page}paid/"))
    count("thanks", lambda: shopper.get(page))
    return counts


def test_checkout_query_counts(shopper, light):
    buy(shopper, light)  # values cached per minute or process are read by the first request

    counts = buy(shopper, light)

    assert Order.objects.filter(status="placed").count() == 2
    assert {step: asked for step, asked in counts.items() if asked > MOST[step]} == {}
