"""Acknowledgements: when the customer is told that the order is confirmed."""

from datetime import date, timedelta

import pytest

from notifications.models import Event
from orders.purchasing import acknowledgements
from suppliers.connectors.records import Acknowledgement, PurchaseOrderReport
from tests.factories.address_changes import apart
from tests.factories.orders import make_sellable
from tests.factories.shipping import make_sent_purchase_order
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(hours=2)


def accept(purchase_order, *, at=LATER, answer=Acknowledgement.ACCEPTED, **more):
    purchase_order.refresh_from_db()
    report = PurchaseOrderReport(
        number=purchase_order.number, supplier_reference="", answer=answer, **more
    )
    acknowledgements.apply(purchase_order=purchase_order, state=report, now=at)


def confirmations():
    return Event.objects.filter(name="order.confirmed").count()


def test_a_customer_is_told_once_when_the_last_supplier_accepts():
    orders = apart(make_sellable(), make_sellable())
    for each in orders:
        each.move("ready", at=NOON)
        each.move("submitting", at=NOON, status_field="submission_status")

    counts = []
    for each in (orders[0], orders[1], orders[1]):
        accept(each)
        counts.append(confirmations())

    assert counts == [0, 1, 1]


@pytest.mark.parametrize(
    "report",
    [
        {"at": LATER - timedelta(seconds=1)},
        {"answer": Acknowledgement.SHIPPED},
        {"ships_by": date(2026, 12, 20)},
    ],
    ids=["at once", "with the shipment", "delayed"],
)
def test_a_confirmation_that_is_no_news_is_not_told(report):
    purchase_order = make_sent_purchase_order(make_sellable())

    accept(purchase_order, **report)

    assert confirmations() == 0


def test_a_canceled_purchase_order_that_is_accepted_is_not_told():
    purchase_order = make_sent_purchase_order(make_sellable())
    purchase_order.move("canceled", at=NOON)

    accept(purchase_order)

    assert confirmations() == 0
