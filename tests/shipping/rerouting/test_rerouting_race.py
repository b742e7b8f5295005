"""Concurrent answers, workers and cancellations of one backorder: exactly one applies."""

from datetime import timedelta

import pytest

from orders.cancellation import cancellation
from orders.models import Backorder, Order, PaymentEvent, PurchaseOrder
from shipping.rerouting import customer_choice, purchase, rerouting
from storefront.lib.state_machine import ConcurrentUpdateError, InvalidTransitionError
from suppliers.models import StockLevel
from suppliers.sync import webhooks
from tests.factories.backorders import refuse, reroute, reroute_due, stock_at, violated_invariants
from tests.factories.orders import make_sellable
from tests.factories.shipping import make_sent_purchase_order
from tests.factories.suppliers import NOON
from tests.support.concurrency import all_at_once
from tests.support.crashes import killed

pytestmark = pytest.mark.django_db(transaction=True)

LATER = NOON + timedelta(hours=1)
REFUSALS = (
    customer_choice.ChoiceUnavailableError,
    cancellation.TooLateError,
    InvalidTransitionError,
    ConcurrentUpdateError,
)


def ask():
    listing = make_sellable()
    stock_at(listing, max_days=20)
    reroute(make_sent_purchase_order(listing))
    return Backorder.objects.select_related("order__channel").latest("pk")


def answering(backorder, choice):
    mine = Backorder.objects.select_related("order__channel").get(pk=backorder.pk)
    choice = Backorder.Choice(choice)
    return lambda: customer_choice.apply(backorder=mine, choice=choice, actor="customer", now=LATER)


@pytest.mark.parametrize("round_", range(2))
def test_of_concurrent_answers_and_a_cancellation_one_applies(round_):
    backorder = ask()
    order = backorder.order

    def cancel():
        cancellation.cancel(order=order, reason="no", actor="customer", now=LATER)

    def expire():
        for one in rerouting.due_backorders(now=backorder.respond_by):
            rerouting.reroute(backorder=one, now=backorder.respond_by)

    acts = [
        *(answering(backorder, "wait") for _ in range(3)),
        answering(backorder, "refund"),
        cancel,
        expire,
    ]
    all_at_once(acts, REFUSALS)

    assert violated_invariants() == []
    backorder.refresh_from_db()
    sent = PurchaseOrder.objects.filter(order=order).exclude(status="canceled").count()
    given = PaymentEvent.objects.filter(kind="void_requested", payment__order=order)
    assert backorder.status in {"rerouted", "canceled"}
    # If the customer cancels after accepting, the new purchase order is canceled too.
    is_over = Order.objects.get(pk=order.pk).status == "canceled"
    assert (sent, given.count()) == ((0, 1) if is_over else (1, 0))
    if is_over:
        assert given.get().amount == order.total_amount
        assert not StockLevel.objects.filter(allocated_outstanding__gt=0).exists()


@pytest.mark.parametrize(
    ("module", "at", "is_done"),
    [
        (webhooks, "zero_stock_after_refusal", True),
        (purchase, "allocate", True),
        (purchase, "create", True),
    ],
    ids=["stock zeroed", "allocated", "purchase order created"],
)
def test_a_killed_worker_orders_nothing_and_the_next_orders_once(module, at, is_done):
    listing = make_sellable()
    stock_at(listing)
    refuse(make_sent_purchase_order(listing))
    backorder = rerouting.due_backorders(now=NOON).get()

    killed(
        lambda: rerouting.reroute(backorder=backorder, now=NOON),
        module=module,
        at=at,
        is_done=is_done,
    )

    assert violated_invariants() == []
    assert Backorder.objects.get().status == "open"
    assert not PurchaseOrder.objects.exclude(status="canceled").exists()
    reroute_due()
    assert violated_invariants() == []
    assert PurchaseOrder.objects.exclude(status="canceled").count() == 1


def test_four_concurrent_workers_order_once():
    listing = make_sellable()
    stock_at(listing)
    refuse(make_sent_purchase_order(listing))
    rows = [rerouting.due_backorders(now=NOON).get() for _ in range(4)]

    all_at_once(
        [lambda row=row: rerouting.reroute(backorder=row, now=NOON) for row in rows], REFUSALS
    )

    assert violated_invariants() == []
    (made,) = PurchaseOrder.objects.exclude(status="canceled")
    assert made.round == 1
    assert Backorder.objects.get().status == "rerouted"
