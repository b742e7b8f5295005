"""Concurrent answers, workers and cancellations of one backorder: exactly one applies."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orders.cancellation import cancellation
from orders.models import Order, PaymentEvent, PurchaseOrder, Setback
from shipping.rerouting import customer_choice, purchase, rerouting
from storefront.lib.state_machine import IllegalMoveError, LostRaceError
from suppliers.models import StockLevel
from suppliers.sync import webhooks
from tests.factories.backorders import also_at, broken, look_everywhere, refuse
from tests.factories.orders import make_sellable
from tests.factories.shipping import make_sent_purchase_order
from tests.factories.suppliers import NOON
from tests.orders.inventory.test_reservations_race import all_at_once
from tests.support.crashes import killed

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("routes")]

LATER = NOON + timedelta(hours=1)
REFUSALS = (
    customer_choice.NoLongerError,
    cancellation.TooLateError,
    IllegalMoveError,
    LostRaceError,
)


def ask():
    listing = make_sellable()
    also_at(listing, max_days=20)
    refuse(make_sent_purchase_order(listing))
    look_everywhere()
    return Setback.objects.select_related("order__channel").latest("pk")


def says(setback, choice):
    mine = Setback.objects.select_related("order__channel").get(pk=setback.pk)
    choice = Setback.Choice(choice)
    return lambda: customer_choice.answer(setback=mine, choice=choice, actor="shopper", now=LATER)


@pytest.mark.parametrize("round_", range(4))
def test_of_concurrent_answers_and_a_cancellation_one_applies(round_):
    setback = ask()
    order = setback.order

    def cancel():
        cancellation.cancel(order=order, reason="no", actor="shopper", now=LATER)

    def silence():
        for one in rerouting.due(now=setback.answer_by):
            rerouting.look(setback=one, now=setback.answer_by)

    acts = [*(says(setback, "wait") for _ in range(3)), says(setback, "refund"), cancel, silence]
    all_at_once(acts, REFUSALS)

    assert broken() == []
    setback.refresh_from_db()
    sent = PurchaseOrder.objects.filter(order=order).exclude(status="canceled").count()
    given = PaymentEvent.objects.filter(kind="release_requested", payment__order=order)
    assert setback.status in {"rerouted", "given_up"}
    # A cancellation may follow the acceptance: then the order is canceled before submission.
    is_over = Order.objects.get(pk=order.pk).status == "canceled"
    assert (sent, given.count()) == ((0, 1) if is_over else (1, 0))
    if is_over:
        assert given.get().amount == order.total_amount
        assert not StockLevel.objects.filter(allocated_unseen__gt=0).exists()


@pytest.mark.parametrize(
    ("module", "at", "is_done"),
    [(webhooks, "none_left", True), (purchase, "hold", True), (purchase, "order", True)],
    ids=["shelf emptied", "held", "ordered"],
)
def test_a_killed_worker_orders_nothing_and_the_next_orders_once(module, at, is_done):
    listing = make_sellable()
    also_at(listing)
    refuse(make_sent_purchase_order(listing))
    setback = rerouting.due(now=NOON).get()

    killed(lambda: rerouting.look(setback=setback, now=NOON), module=module, at=at, is_done=is_done)

    assert broken() == []
    assert Setback.objects.get().status == "open"
    assert not PurchaseOrder.objects.exclude(status="canceled").exists()
    look_everywhere()
    assert broken() == []
    assert PurchaseOrder.objects.exclude(status="canceled").count() == 1


def test_four_concurrent_workers_order_once():
    listing = make_sellable()
    also_at(listing)
    refuse(make_sent_purchase_order(listing))
    rows = [rerouting.due(now=NOON).get() for _ in range(4)]

    all_at_once([lambda row=row: rerouting.look(setback=row, now=NOON) for row in rows], REFUSALS)

    assert broken() == []
    (made,) = PurchaseOrder.objects.exclude(status="canceled")
    assert made.round == 1
    assert Setback.objects.get().status == "rerouted"
