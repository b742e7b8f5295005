"""A dispute or fraud warning holds all unsubmitted purchase orders; its result is recorded."""

from itertools import permutations

import pytest

from orders.models import Order, Payment, PurchaseOrder
from orders.payments import updates
from orders.purchasing import submission
from orders.purchasing.holds import holds
from storefront.lib.models import StatusChange
from tests.factories.cancellation import send
from tests.factories.orders import (
    make_order,
    make_paid_order,
    make_payment,
    make_purchase_orders,
    news_of,
)
from tests.factories.payments import hear
from tests.factories.suppliers import NOON

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("supplier")]


@pytest.mark.parametrize("what", ["disputed", "fraud_warning"])
def test_what_was_not_sent_is_held_until_a_person_lets_it_go_on(supplier, what):
    (purchase_order,) = make_purchase_orders()

    hear(what)

    purchase_order.refresh_from_db()
    order = Order.objects.get()
    assert (order.status, purchase_order.status) == ("on_hold", "on_hold")
    (reason,) = purchase_order.hold_reasons
    assert (reason["code"], reason["amount"]) == (what, str(order.total_amount))
    with pytest.raises(submission.NotSubmittableError):
        submission.submit(purchase_order=purchase_order, now=NOON)
    assert supplier.effects == []

    holds.release_order(order=order, reason="customer paid", actor="ann", now=NOON)
    send()
    assert supplier.effects == [purchase_order.number]


def test_submitted_purchase_orders_are_left_alone(supplier):
    (purchase_order,) = make_purchase_orders()
    submission.submit(purchase_order=purchase_order, now=NOON)

    hear("disputed")

    purchase_order.refresh_from_db()
    assert purchase_order.status == "in_progress"
    assert Order.objects.get().status == "on_hold"


@pytest.mark.parametrize("end", ["won", "lost"])
def test_the_end_of_a_dispute_is_the_same_whatever_is_heard_first(end):
    make_paid_order()
    ends = set()
    for told in permutations(["disputed", f"dispute_{end}"]):
        with updates.transaction.atomic():
            for what in (*told, *told):
                update = news_of(Payment.objects.get(), what)
                updates.apply.__wrapped__(update=update, gateway="fake", now=NOON)
            ends.add(Payment.objects.get().dispute_status)
            updates.transaction.set_rollback(True)

    assert ends == {end}


def test_a_charged_back_order_says_so_and_gets_no_purchase_orders():
    order = make_paid_order()
    hear("disputed", external_id="du_1")

    moves = StatusChange.objects.filter(status_field="dispute_status")
    assert [(move.from_status, move.to_status) for move in moves] == [("none", "charged_back")]
    shown = Order.objects.with_progress()
    assert (shown.get().status, shown.get().payment_status) == ("on_hold", "charged_back")
    assert submission.create_purchase_orders(order=order, now=NOON) == []

    hear("dispute_won", external_id="du_1:won")
    assert shown.get().payment_status == "authorized"
    hear("disputed", external_id="du_2")
    assert shown.get().payment_status == "charged_back", "a second dispute opens it again"


@pytest.mark.parametrize("what", ["disputed", "fraud_warning"])
def test_what_a_bank_says_before_the_money_is_there_holds_at_the_gate(supplier, what):
    order = make_order()
    payment = make_payment(order)
    updates.apply(update=news_of(payment, what), gateway="fake", now=NOON)
    updates.apply(update=news_of(payment, "authorized"), gateway="fake", now=NOON)
    order.refresh_from_db()
    (purchase_order,) = submission.create_purchase_orders(order=order, now=NOON)

    submission.submit(purchase_order=purchase_order, now=NOON)

    purchase_order.refresh_from_db()
    assert supplier.effects == []
    assert purchase_order.status == "on_hold"
    (reason,) = purchase_order.hold_reasons
    assert (reason["code"], reason["subject"]) == (what, payment.key)

    holds.waive_all(purchase_order=purchase_order, actor="ann", now=NOON)
    send()
    assert supplier.effects == [purchase_order.number]


def test_who_lets_an_order_go_on_has_seen_what_its_purchase_orders_are_held_for(supplier):
    order = make_paid_order()
    hear("fraud_warning")
    order.refresh_from_db()
    holds.release_order(order=order, reason="customer paid", actor="ann", now=NOON)
    order.refresh_from_db()

    (purchase_order,) = submission.create_purchase_orders(order=order, now=NOON)
    submission.submit(purchase_order=purchase_order, now=NOON)

    assert supplier.effects == [purchase_order.number]


def test_what_else_holds_a_purchase_order_stays_when_its_order_goes_on(supplier):
    (purchase_order,) = make_purchase_orders()
    hear("fraud_warning")
    purchase_order.refresh_from_db()
    other = {"code": "cost", "sentence": "dearer", "subject": "", "amount": "", "currency": ""}
    PurchaseOrder.objects.update(hold_reasons=[*purchase_order.hold_reasons, other])

    holds.release_order(order=Order.objects.get(), reason="customer paid", actor="ann", now=NOON)

    purchase_order.refresh_from_db()
    assert (purchase_order.status, purchase_order.hold_reasons) == ("on_hold", [other])
