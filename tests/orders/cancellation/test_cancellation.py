from datetime import timedelta
from decimal import Decimal

import pytest

from notifications.models import Event
from orders.cancellation import cancellation, status
from orders.models import Order, PaymentEvent, PurchaseOrder
from orders.payments import refunds
from orders.payments.updates import apply
from orders.purchasing import submission, work_queue
from storefront.lib.http.errors import TemporaryError
from storefront.lib.money import Money
from suppliers.models import StockLevel
from tests.factories.orders import (
    ask_to_stop,
    make_order,
    make_paid_order,
    make_payment,
    make_purchase_orders,
    make_sellable,
    news_of,
)
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db


def cancel(order):
    return cancellation.cancel(order=order, reason="changed my mind", actor="customer", now=NOON)


def eur(amount):
    return Money(Decimal(amount), "EUR")


def test_an_unpaid_order_is_canceled_at_once():
    order = make_order(make_sellable(quantity=5), quantity=2)
    payment = make_payment(order)

    outcome = cancel(order)

    payment.refresh_from_db()
    assert outcome.is_whole
    assert (order.status, payment.status) == ("canceled", "voided")
    assert StockLevel.objects.get().available == 5


def test_a_paid_order_without_purchase_orders_is_voided():
    order = make_paid_order(make_sellable(quantity=5))

    cancel(order)

    assert order.status == "canceled"
    assert StockLevel.objects.get().available == 5
    assert PaymentEvent.objects.get(kind="void_requested").amount == order.total_amount
    assert Event.objects.filter(name="order.canceled").count() == 1


def test_unsubmitted_purchase_orders_are_canceled_at_once(supplier):
    (purchase_order,) = make_purchase_orders()

    outcome = cancel(purchase_order.order)

    assert outcome.stopped == (purchase_order.number,)
    assert Order.objects.get().status == "canceled"
    assert supplier.effects == []
    assert PaymentEvent.objects.filter(kind="void_requested").count() == 1


def test_an_accepted_request_is_refunded(supplier):
    supplier.can_stop = True
    (purchase_order,) = make_purchase_orders()
    submission.submit(purchase_order=purchase_order, now=NOON)

    said, came = ask_to_stop(purchase_order.order)

    purchase_order.refresh_from_db()
    assert (said.open, came) == ((purchase_order.number,), [True])
    assert purchase_order.submission_status == "cancellation_accepted"
    assert Order.objects.get().status == "canceled"
    assert (
        PaymentEvent.objects.get(kind="refund_requested").amount
        == purchase_order.customer_charge_amount
    )


def test_a_refused_request_is_reported_to_the_customer(supplier):
    (purchase_order,) = make_purchase_orders()
    submission.submit(purchase_order=purchase_order, now=NOON)

    _, came = ask_to_stop(purchase_order.order)

    purchase_order.refresh_from_db()
    assert came == [False]
    assert purchase_order.submission_status == "cancellation_rejected"
    assert status.status_of(purchase_order.order) == status.CancellationStatus.REFUSED
    assert Order.objects.get().status == "processing"
    assert PaymentEvent.objects.filter(kind="refund_requested").count() == 0


def test_an_unanswered_request_is_retried_and_stays_open(supplier):
    (purchase_order,) = make_purchase_orders()
    submission.submit(purchase_order=purchase_order, now=NOON)

    def silent(*, number):
        raise TemporaryError("no answer", is_outcome_unknown=True)

    supplier.cancel = silent

    _, came = ask_to_stop(purchase_order.order)

    assert came == [None]
    assert status.status_of(purchase_order.order) == status.CancellationStatus.ASKED
    assert PurchaseOrder.objects.get().submission_status == "cancellation_requested"
    assert Order.objects.get().status == "processing"


def test_cancel_stores_the_request_without_a_call(supplier):
    supplier.can_stop = True
    (purchase_order,) = make_purchase_orders()
    submission.submit(purchase_order=purchase_order, now=NOON)

    outcome = cancel(purchase_order.order)
    cancellation.cancel(
        order=purchase_order.order, reason="hurry", actor="customer", now=NOON + timedelta(hours=1)
    )

    assert outcome.open == (purchase_order.number,)
    assert supplier.answers == {}
    kept = PurchaseOrder.objects.get()
    assert (kept.submission_status, kept.cancel_requested_at) == ("accepted", NOON)
    assert kept.cancel_reason == "changed my mind"
    assert list(work_queue.to_cancel(now=NOON)) == [kept]


def test_a_late_task_does_not_repeat_a_refused_request(supplier):
    (purchase_order,) = make_purchase_orders()
    submission.submit(purchase_order=purchase_order, now=NOON)
    ask_to_stop(purchase_order.order)
    supplier.can_stop = True

    late = PurchaseOrder.objects.select_related("order", "supplier").get()

    assert cancellation.process_request(purchase_order=late, now=NOON) is False
    assert late.submission_status == "cancellation_rejected"


@pytest.fixture
def captured(supplier):
    (purchase_order,) = make_purchase_orders()
    submission.submit(purchase_order=purchase_order, now=NOON)
    order = purchase_order.order
    payment = order.payments.get()
    request = PaymentEvent.objects.get(kind="capture_requested")
    answer = news_of(payment, "captured", request_key=request.external_id)
    apply(update=answer, gateway="fake", now=NOON)
    return order


def refund(order, amount, key=None):
    refunds.refund(
        order=order,
        amount=eur(amount),
        reason="late",
        actor="ann",
        now=NOON,
        key=key or f"{amount}",
    )


def test_partial_refunds_never_exceed_the_capture(captured):
    refund(captured, "10.00")
    refund(captured, "5.00")

    with pytest.raises(refunds.RefundTooLargeError) as refused:
        refund(captured, captured.total_amount - 14)

    assert refused.value.refundable == eur(captured.total_amount - 15)
    assert PaymentEvent.objects.filter(kind="refund_requested").count() == 2


def test_a_refund_form_submitted_twice_refunds_once(captured):
    refund(captured, "10.00", key="one click")
    refund(captured, "10.00", key="one click")

    assert PaymentEvent.objects.get(kind="refund_requested").amount == Decimal("10.00")


@pytest.mark.parametrize("amount", ["0.00", "-1.00"])
def test_zero_and_negative_refunds_are_rejected(captured, amount):
    with pytest.raises(refunds.RefundTooLargeError):
        refund(captured, amount)


def test_uncaptured_money_is_not_refunded():
    with pytest.raises(refunds.NothingToRefundError):
        refund(make_paid_order(), "1.00")


def test_the_customer_is_notified_when_the_refund_is_done(captured):
    refund(captured, "10.00")
    request = PaymentEvent.objects.get(kind="refund_requested")
    payment = captured.payments.get()
    assert Event.objects.filter(name="order.refunded").count() == 0

    news = news_of(payment, "refunded", amount="10.00", request_key=request.external_id)
    apply(update=news, gateway="fake", now=NOON)

    assert Event.objects.get(name="order.refunded").payload["amount"] == "10.00"
    assert Order.objects.with_progress().get().payment_status == "partially_refunded"
