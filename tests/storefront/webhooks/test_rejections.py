"""A supplier sends both a rejection and a shipment: any order of webhooks gives one status."""

import json
from datetime import timedelta
from itertools import permutations

import pytest

from orders.models import OrderLine
from storefront.webhooks import processing
from storefront.webhooks.handlers import REJECTION_DELAY
from storefront.webhooks.models import InboundWebhook
from tests.factories.orders import make_sellable
from tests.factories.shipping import CJ_NUMBER, make_accepted_purchase_order
from tests.factories.suppliers import NOON
from tests.factories.webhooks import keep_call

pytestmark = pytest.mark.django_db

PARCEL = {"number": CJ_NUMBER, "carrier": "CJPacket"}
NEWS = {
    "accepted": {"answer": "accepted"},
    "canceled": {"answer": "canceled"},
    "shipped": {"answer": "shipped", "parcels": [PARCEL]},
}


def process_webhooks(purchase_order, *names):
    """Store these webhooks a second apart, and process them as the sweep does for ten minutes."""
    source = f"tracking-{purchase_order.supplier.code}"
    for place, name in enumerate(names):
        now = NOON + timedelta(seconds=place)
        body = json.dumps({"order": purchase_order.number, **NEWS[name]}).encode()
        processing.process(call=keep_call(source, body, now=now), now=now)
    for half_minutes in range(1, 21):
        for call in InboundWebhook.objects.order_by("pk"):
            processing.process(call=call, now=NOON + timedelta(seconds=30 * half_minutes))
    purchase_order.refresh_from_db()
    calls = set(InboundWebhook.objects.values_list("status", flat=True))
    (line,) = OrderLine.objects.filter(order=purchase_order.order)
    return purchase_order.status, line.shipped_quantity, line.canceled_quantity, calls


@pytest.mark.parametrize("names", list(permutations(["canceled", "shipped", "accepted"])))
def test_shipped_order_is_shipped_whenever_the_rejection_arrived(names):
    purchase_order = make_accepted_purchase_order(make_sellable())

    assert process_webhooks(purchase_order, *names) == ("shipped", 1, 0, {"applied"})


@pytest.mark.parametrize("names", list(permutations(["canceled", "accepted"])))
def test_uncontradicted_rejection_is_applied(names):
    purchase_order = make_accepted_purchase_order(make_sellable())

    assert process_webhooks(purchase_order, *names) == ("canceled", 0, 1, {"applied"})


def test_rejection_waits_before_it_releases_anything():
    purchase_order = make_accepted_purchase_order(make_sellable())
    body = json.dumps({"order": purchase_order.number, "answer": "canceled"}).encode()
    call = keep_call(f"tracking-{purchase_order.supplier.code}", body)

    processing.process(call=call, now=NOON + REJECTION_DELAY - timedelta(seconds=1))

    call.refresh_from_db()
    purchase_order.refresh_from_db()
    assert (call.status, purchase_order.status) == ("received", "in_progress")
