"""Nothing is submitted during a gateway's review; approval continues the order, refusal cancels."""

from itertools import permutations

import pytest

from orders import ledger
from orders.inventory import allocations
from orders.models import Allocation, Order, Payment, PaymentEvent, PurchaseOrder
from orders.payments import updates
from orders.purchasing import submission
from suppliers.models import StockLevel
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


def final_state():
    """Return all state that could depend on the sequence of the updates."""
    payment = Payment.objects.get()
    requests = payment.events.filter(kind__in=["void_requested", "refund_requested"])
    order, made = Order.objects.get(), PurchaseOrder.objects.get()
    is_over = order.status == "canceled"  # old hold reasons do not matter then
    return (
        order.status,
        "" if is_over else order.hold_reason,
        made.status.replace("draft", "ready"),  # both can be submitted
        "" if is_over else str(made.hold_reasons),
        payment.status,
        tuple(sorted(requests.values_list("kind", "amount"))),
        tuple(Allocation.objects.values_list("status", flat=True)),
        StockLevel.objects.get().reserved,
    )


def test_nothing_is_submitted_until_the_review_is_approved(supplier):
    (made,) = make_purchase_orders()
    apply_update("under_review")

    made.refresh_from_db()
    assert (Order.objects.get().status, made.status) == ("on_hold", "on_hold")
    assert [one["code"] for one in made.hold_reasons] == ["under_review"]
    with pytest.raises(submission.NotSubmittableError):
        send()

    apply_update("review_approved")
    assert Order.objects.get().status == "processing"
    assert Order.objects.get().hold_reason == ""
    send()
    assert supplier.effects == [made.number]


def test_an_order_without_purchase_orders_waits_too():
    order = make_paid_order()
    apply_update("under_review")
    assert submission.create_purchase_orders(order=order, now=NOON) == []

    apply_update("review_approved")

    assert len(submission.create_purchase_orders(order=order, now=NOON)) == 1


@pytest.mark.parametrize("has_purchase_orders", [True, False])
def test_a_rejected_review_cancels_the_order_and_voids_its_payment(supplier, has_purchase_orders):
    if has_purchase_orders:
        make_purchase_orders()
    else:
        make_paid_order()
    apply_update("under_review")

    apply_update("review_rejected", external_id="closed")

    order, payment = Order.objects.get(), Payment.objects.get()
    assert order.status == "canceled"
    (asked,) = PaymentEvent.objects.filter(kind="void_requested")
    assert asked.amount == payment.authorized_amount
    assert set(Allocation.objects.values_list("status", flat=True)) == {"released"}
    assert supplier.effects == []


def test_a_rejected_review_requests_cancellation_of_a_submitted_purchase_order(supplier):
    made = make_purchase_orders()[0]
    send()
    apply_update("under_review")

    apply_update("review_rejected")

    made.refresh_from_db()
    assert made.cancel_requested_at == NOON
    assert "payment rejected in the gateway's review" in made.cancel_reason


def test_a_void_by_the_gateway_is_not_repeated():
    make_purchase_orders()
    apply_update("under_review")
    apply_update("voided")

    apply_update("review_rejected")

    assert Order.objects.get().status == "canceled"
    assert not PaymentEvent.objects.filter(kind="void_requested").exists()
    assert ledger.refundable_amount(Payment.objects.get()).amount == 0


@pytest.mark.parametrize("end", ["review_approved", "review_rejected"])
@pytest.mark.parametrize(
    ("also", "step"),
    [
        ((), 1),
        (("fraud_warning",), 1),
        (("disputed",), 1),
        (("disputed", "dispute_won"), 6),
        pytest.param(("disputed", "dispute_won"), 1, marks=pytest.mark.full),
    ],
)
def test_repeated_updates_in_any_sequence_end_in_one_state(end, also, step):
    make_purchase_orders()
    ends = set()
    for sequence in list(permutations(["under_review", end, *also]))[::step]:
        with updates.transaction.atomic():
            for what in (*sequence, *sequence):
                update = make_payment_update(Payment.objects.get(), what)
                updates.apply.__wrapped__(update=update, gateway="fake", now=NOON)
            ends.add(final_state())
            updates.transaction.set_rollback(True)

    assert len(ends) == 1, ends


def test_an_approval_removes_no_other_hold_reason():
    (made,) = make_purchase_orders()
    apply_update("fraud_warning")
    apply_update("under_review")
    apply_update("review_approved")

    made.refresh_from_db()
    assert [one["code"] for one in made.hold_reasons] == ["fraud_warning"]
    assert (made.status, Order.objects.get().status) == ("on_hold", "on_hold")


def test_a_second_review_holds_again():
    (made,) = make_purchase_orders()
    apply_update("under_review", external_id="prv_1")
    apply_update("review_approved", external_id="prv_1:closed")
    apply_update("under_review", external_id="prv_2")

    made.refresh_from_db()
    assert made.status == "on_hold"


def test_a_review_before_the_payment_is_retried_later():
    payment = make_payment(make_order())

    with pytest.raises(updates.TooEarlyError):
        updates.apply(update=make_payment_update(payment, "under_review"), gateway="fake", now=NOON)


def test_a_rejected_review_of_a_declined_payment_leaves_the_order_unpaid(monkeypatch):
    payment = make_payment(make_order())
    updates.apply(update=make_payment_update(payment, "declined"), gateway="fake", now=NOON)
    monkeypatch.setattr(allocations, "release", None)

    apply_update("review_rejected")

    assert Order.objects.get().status == "pending_payment"
