"""Double submit: of concurrent clicks one takes effect, and each gets an answer."""

from collections import Counter

import pytest
from django.test import Client

from orders.cancellation import tasks
from orders.models import Order, PaymentEvent
from orders.purchasing import submission
from tests.factories.orders import (
    make_order,
    make_paid_order,
    make_payment,
    make_purchase_orders,
    make_sellable,
)
from tests.factories.scripted_supplier import ScriptedSupplier, connect
from tests.factories.suppliers import NOON
from tests.support.concurrency import all_at_once

pytestmark = pytest.mark.django_db(transaction=True)
CLICKS = 4


@pytest.fixture
def supplier(monkeypatch):
    supplier = connect(monkeypatch, ScriptedSupplier())
    supplier.can_stop = True
    return supplier


def unpaid(listing):
    order = make_order(listing)
    make_payment(order)
    return order


def accepted(listing):
    (purchase_order,) = make_purchase_orders(listing)
    submission.submit(purchase_order=purchase_order, now=NOON)
    return purchase_order.order


def click_at_once(path, **kind):
    answers = []
    all_at_once([lambda: answers.append(Client().post(path, **kind))] * CLICKS, ())
    return answers


def run_workers(order):
    """Do what workers do after the request."""
    for purchase_order in order.purchase_orders.all():
        tasks.process_request(purchase_order_id=purchase_order.pk)


@pytest.mark.parametrize("make", [unpaid, make_paid_order, accepted])
@pytest.mark.parametrize("round_", range(3))
def test_every_click_shows_the_outcome(supplier, make, round_):
    order = make(make_sellable())

    answers = click_at_once(f"/en/orders/{order.number}/{order.access_key}/cancel/")

    expected = {"cancel=asked"} if make is accepted else {"cancel=stopped"}
    if make is unpaid:
        expected.add("back=released")  # the first click puts the items back into the cart
    assert {answer["Location"].rpartition("?")[2] for answer in answers} == expected
    run_workers(order)
    assert Order.objects.get().status == "canceled"
    assert PaymentEvent.objects.filter(kind__in=["void_requested", "refund_requested"]).count() == (
        make is not unpaid
    )


@pytest.mark.parametrize("make", [unpaid, make_paid_order, accepted])
def test_api_client_is_told_that_the_order_is_canceled_or_too_late(supplier, make):
    order = make(make_sellable())

    answers = click_at_once(
        f"/api/v1/orders/{order.number}/cancel/",
        data={},
        headers={"authorization": f"Bearer {order.access_key}"},
        content_type="application/json",
    )

    statuses = Counter(answer.status_code for answer in answers)
    assert set(statuses) <= {200, 409}
    assert statuses[200] >= 1
    run_workers(order)
    assert Order.objects.get().status == "canceled"
