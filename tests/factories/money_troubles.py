"""Money that went wrong, as a gateway or a mistake of ours leaves it behind."""

from __future__ import annotations

from datetime import timedelta

from orders.models import Order, PaymentEvent
from tests.factories.suppliers import NOON

AGO = NOON - timedelta(days=9)


def refuse_a_capture():
    request = PaymentEvent.objects.filter(kind="capture_requested").first()
    PaymentEvent.objects.filter(answers=request).update(kind="refused", received_at=AGO)


def keep_the_money():
    Order.objects.filter(status="completed").update(status="canceled", status_since=AGO)
