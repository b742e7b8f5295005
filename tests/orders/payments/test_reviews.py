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
    make_purchase_orders,
    news_of,
)
from tests.factories.payments import hear
from tests.factories.suppliers import NOON

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("supplier")]


def final_state():
    """Return all state that could depend on the order of the updates."""
    payment = Payment.objects.get()
    requests = payment.events.filter(kind__in=["void_requested", "refund_requested"])
    order, made = Order.objects.get(), PurchaseOrder.objects.get()
    is_over = order.status == "canceled"  # what it waited for is only history then
    return (
        order.status,
        "" if is_over else order.hold_reason,
        made.status.replace("draft", "ready"),  # either is sent
        "" if is_over else str(made.hold_reasons),
        payment.status,
        tuple(sorted(requests.values_list("kind", "amount"))),
        tuple(Allocation.objects.values_list("status", flat=True)),
        StockLevel.objects.get().reserved,
    )


def test_nothing_is_sent_until_the_review_approves(supplier):
    (made,) = make_purchase_orders()
    hear("under_review")

    made.refresh_from_db()
    assert (Order.objects.get().status, made.status) == ("on_hold", "on_hold")
    assert [one["code"] for one in made.hold_reasons] == ["under_review"]
    with pytest.raises(submission.NotSubmittableError):
        send()

    hear("review_approved")
    assert Order.objects.get().status == "processing"
    assert Order.objects.get().hold_reason == ""
    send()
    assert supplier.effects == [made.number]


def test_an_order_without_purchase_orders_waits_too():
    order = make_paid_order()
    hear("under_review")
    assert submission.create_purchase_orders(order=order, now=NOON) == []

    hear("review_approved")

    assert len(submission.create_purchase_orders(order=order, now=NOON)) == 1


@pytest.mark.parametrize("is_divided", [True, False])
def test_a_refused_review_cancels_and_gives_the_money_back(supplier, is_divided):
    if is_divided:
        make_purchase_orders()
    else:
        make_paid_order()
    hear("under_review")

    hear("review_rejected", external_id="closed")

    order, payment = Order.objects.get(), Payment.objects.get()
    assert order.status == "canceled"
    (asked,) = PaymentEvent.objects.filter(kind="void_requested")
    assert asked.amount == payment.authorized_amount
    assert set(Allocation.objects.values_list("status", flat=True)) == {"released"}
    assert supplier.effects == []


def test_what_the_supplier_has_is_wished_back(supplier):
    made = make_purchase_orders()[0]
    send()
    hear("under_review")

    hear("review_rejected")

    made.refresh_from_db()
    assert made.cancel_requested_at == NOON
    assert "payment rejected in the gateway's review" in made.cancel_reason


def test_what_the_gateway_gave_back_itself_is_not_given_back_twice():
    make_purchase_orders()
    hear("under_review")
    hear("voided")

    hear("review_rejected")

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
def test_one_end_whatever_is_heard_first_and_how_often(end, also, step):
    make_purchase_orders()
    ends = set()
    for told in list(permutations(["under_review", end, *also]))[::step]:
        with updates.transaction.atomic():
            for what in (*told, *told):
                update = news_of(Payment.objects.get(), what)
                updates.apply.__wrapped__(update=update, gateway="fake", now=NOON)
            ends.add(final_state())
            updates.transaction.set_rollback(True)

    assert len(ends) == 1, ends


def test_an_approval_lifts_nothing_else():
    (made,) = make_purchase_orders()
    hear("fraud_warning")
    hear("under_review")
    hear("review_approved")

    made.refresh_from_db()
    assert [one["code"] for one in made.hold_reasons] == ["fraud_warning"]
    assert (made.status, Order.objects.get().status) == ("on_hold", "on_hold")


def test_a_second_review_holds_again():
    (made,) = make_purchase_orders()
    hear("under_review", external_id="prv_1")
    hear("review_approved", external_id="prv_1:closed")
    hear("under_review", external_id="prv_2")

    made.refresh_from_db()
    assert made.status == "on_hold"


def test_a_review_before_the_payment_is_retried_later():
    payment = make_payment(make_order())

    with pytest.raises(updates.TooEarlyError):
        updates.apply(update=news_of(payment, "under_review"), gateway="fake", now=NOON)


def test_what_ends_badly_before_it_was_an_order_ends_nothing_else(monkeypatch):
    payment = make_payment(make_order())
    updates.apply(update=news_of(payment, "declined"), gateway="fake", now=NOON)
    monkeypatch.setattr(allocations, "release", None)

    hear("review_rejected")

    assert Order.objects.get().status == "pending_payment"
