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
    make_payment_update,
    make_purchase_orders,
)
from tests.factories.payments import apply_update
from tests.factories.suppliers import NOON

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("supplier")]


@pytest.mark.parametrize("what", ["disputed", "fraud_warning"])
def test_an_unsubmitted_purchase_order_is_held_until_staff_release_the_order(supplier, what):
    (purchase_order,) = make_purchase_orders()

    apply_update(what)

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

    apply_update("disputed")

    purchase_order.refresh_from_db()
    assert purchase_order.status == "in_progress"
    assert Order.objects.get().status == "on_hold"


@pytest.mark.parametrize("end", ["won", "lost"])
def test_the_result_of_a_dispute_does_not_depend_on_the_sequence_of_updates(end):
    make_paid_order()
    ends = set()
    for sequence in permutations(["disputed", f"dispute_{end}"]):
        with updates.transaction.atomic():
            for what in (*sequence, *sequence):
                update = make_payment_update(Payment.objects.get(), what)
                updates.apply.__wrapped__(update=update, gateway="fake", now=NOON)
            ends.add(Payment.objects.get().dispute_status)
            updates.transaction.set_rollback(True)

    assert ends == {end}


def test_a_charged_back_order_gets_no_purchase_orders():
    order = make_paid_order()
    apply_update("disputed", external_id="du_1")

    moves = StatusChange.objects.filter(status_field="dispute_status")
    assert [(move.from_status, move.to_status) for move in moves] == [("none", "charged_back")]
    shown = Order.objects.with_progress()
    assert (shown.get().status, shown.get().payment_status) == ("on_hold", "charged_back")
    assert submission.create_purchase_orders(order=order, now=NOON) == []

    apply_update("dispute_won", external_id="du_1:won")
    assert shown.get().payment_status == "authorized"
    apply_update("disputed", external_id="du_2")
    assert shown.get().payment_status == "charged_back", "a second dispute opens it again"


@pytest.mark.parametrize("what", ["disputed", "fraud_warning"])
def test_a_dispute_before_the_authorization_holds_the_purchase_order(supplier, what):
    order = make_order()
    payment = make_payment(order)
    updates.apply(update=make_payment_update(payment, what), gateway="fake", now=NOON)
    updates.apply(update=make_payment_update(payment, "authorized"), gateway="fake", now=NOON)
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


def test_a_released_order_holds_no_new_purchase_order_for_the_same_reason(supplier):
    order = make_paid_order()
    apply_update("fraud_warning")
    order.refresh_from_db()
    holds.release_order(order=order, reason="customer paid", actor="ann", now=NOON)
    order.refresh_from_db()

    (purchase_order,) = submission.create_purchase_orders(order=order, now=NOON)
    submission.submit(purchase_order=purchase_order, now=NOON)

    assert supplier.effects == [purchase_order.number]


def test_releasing_an_order_keeps_other_hold_reasons(supplier):
    (purchase_order,) = make_purchase_orders()
    apply_update("fraud_warning")
    purchase_order.refresh_from_db()
    other = {"code": "cost", "sentence": "dearer", "subject": "", "amount": "", "currency": ""}
    PurchaseOrder.objects.update(hold_reasons=[*purchase_order.hold_reasons, other])

    holds.release_order(order=Order.objects.get(), reason="customer paid", actor="ann", now=NOON)

    purchase_order.refresh_from_db()
    assert (purchase_order.status, purchase_order.hold_reasons) == ("on_hold", [other])
