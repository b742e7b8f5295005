"""What waits for a person, as a gateway, a shopper or a mistake of ours leaves it behind."""

from __future__ import annotations

from datetime import timedelta

from orders.models import AddressWish, Order, PaymentEvent, PurchaseOrder
from tests.factories.suppliers import NOON

AGO = NOON - timedelta(days=9)


def refuse_a_capture():
    request = PaymentEvent.objects.filter(kind="capture_requested").first()
    PaymentEvent.objects.filter(answers=request).update(kind="refused", received_at=AGO)


def keep_the_money():
    Order.objects.filter(status="completed").update(status="canceled", status_since=AGO)


def wish_address():
    AddressWish.objects.create(
        purchase_order=PurchaseOrder.objects.filter(status="in_progress").first(),
        ship_to={},
        place=1,
        status_since=AGO,
        asked_by="ann",
    )
