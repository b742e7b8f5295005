"""Hold without an exchange rate: the margin is unknown until the next rate releases the hold."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from catalog.models import ExchangeRate
from orders.models import PurchaseLine, PurchaseOrder
from orders.purchasing import tasks
from orders.purchasing.holds import holds
from suppliers.models import SupplierOffer
from tests.factories.catalog import make_exchange_rate
from tests.factories.orders import make_purchase_orders
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def purchase_order_in_dollars(supplier):
    make_purchase_orders()
    SupplierOffer.objects.update(currency="USD")
    PurchaseLine.objects.update(cost_currency="USD")


def send():
    tasks.submit(purchase_order_id=PurchaseOrder.objects.get().pk)
    return PurchaseOrder.objects.get()


def test_a_missing_rate_holds_with_a_readable_reason(supplier):
    held = send()

    assert held.status == "on_hold"
    assert [(reason["code"], reason["subject"]) for reason in held.hold_reasons] == [
        ("rate", "USD-EUR")
    ]
    assert "USD-EUR is missing" in held.hold_reasons[0]["sentence"]
    assert supplier.effects == []


def test_the_hold_is_released_when_the_rate_appears(supplier):
    send()

    tasks.release_resolved_holds()
    assert PurchaseOrder.objects.get().status == "on_hold"
    make_exchange_rate()
    tasks.release_resolved_holds()

    lifted = PurchaseOrder.objects.get()
    assert (lifted.status, lifted.hold_reasons) == ("ready", [])
    assert send().submission_status == "accepted"


def test_a_new_rate_removes_no_other_reason(supplier):
    SupplierOffer.objects.update(cost_amount=Decimal("10.50"))
    send()
    make_exchange_rate()

    assert holds.release_resolved(now=NOON) == 0

    held = PurchaseOrder.objects.get()
    assert held.status == "on_hold"
    assert [reason["code"] for reason in held.hold_reasons] == ["cost"]


def test_a_loss_at_the_new_rate_holds_the_order_again(supplier):
    send()
    make_exchange_rate(rate="40")
    holds.release_resolved(now=NOON)

    assert {reason["code"] for reason in send().hold_reasons} == {"margin"}


def test_an_outdated_rate_holds_until_there_is_a_new_one(supplier, settings):
    rate = make_exchange_rate(as_of=timezone.now() - timedelta(hours=5))
    settings.RATES_MAX_AGE_H = 4

    held = send()
    assert [reason["code"] for reason in held.hold_reasons] == ["rate"]
    assert holds.release_resolved(now=timezone.now()) == 0

    ExchangeRate.objects.filter(pk=rate.pk).update(as_of=timezone.now())
    assert holds.release_resolved(now=timezone.now()) == 1
    assert send().submission_status == "accepted"


def test_a_rate_awaiting_approval_holds(supplier):
    rate = make_exchange_rate()
    ExchangeRate.objects.filter(pk=rate.pk).update(pending_rate=Decimal(40))

    assert [reason["code"] for reason in send().hold_reasons] == ["rate"]
    assert supplier.effects == []
