from datetime import timedelta
from decimal import Decimal

import pytest

from notifications.models import Event
from orders.cancellation import cancellation, status
from orders.models import Order, PaymentEvent, PurchaseOrder
from orders.payments import refunds
from orders.payments.updates import apply
from orders.purchasing import acknowledgements, submission, submission_lookup, work_queue
from storefront.lib.http.errors import PermanentError, TemporaryError
from storefront.lib.money import Money
from suppliers.connectors.records import Acknowledgement
from suppliers.models import StockLevel
from tests.factories.backorders import reroute_due
from tests.factories.cancellation import LATER, fresh, process_request
from tests.factories.orders import (
    ask_to_stop,
    make_order,
    make_paid_order,
    make_payment,
    make_payment_update,
    make_purchase_orders,
    make_sellable,
)
from tests.factories.scripted_supplier import no_answer
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db


def cancel(order):
    return cancellation.cancel(order=order, reason="changed my mind", actor="customer", now=NOON)


def test_an_unpaid_order_is_canceled_at_once():
    order = make_order(make_sellable(quantity=5), quantity=2)
    payment = make_payment(order)

    outcome = cancel(order)

    payment.refresh_from_db()
    assert outcome.is_whole
    assert (order.status, payment.status) == ("canceled", "voided")
    assert StockLevel.objects.get().available == 5


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


@pytest.mark.parametrize("kind", [TemporaryError, PermanentError])
def test_a_request_without_a_clear_answer_is_retried_and_stays_open(supplier, kind):
    (purchase_order,) = make_purchase_orders()
    submission.submit(purchase_order=purchase_order, now=NOON)

    def unclear(*, number):
        raise kind("no answer, or not JSON", is_outcome_unknown=True)

    supplier.cancel = unclear

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

    assert process_request(purchase_order) is False
    assert fresh().submission_status == "cancellation_rejected"


def test_a_cancellation_by_phone_after_a_refusal_is_refunded(supplier):
    (purchase_order,) = make_purchase_orders()
    submission.submit(purchase_order=purchase_order, now=NOON)
    ask_to_stop(purchase_order.order)
    supplier.answers[purchase_order.number] = Acknowledgement.CANCELED

    state = supplier.state(purchase_order.number)
    acknowledgements.apply(purchase_order=fresh(purchase_order), state=state, now=LATER)

    assert Order.objects.get().status == "canceled"
    refund = PaymentEvent.objects.get(kind="refund_requested")
    assert refund.amount == purchase_order.customer_charge_amount


def test_an_acceptance_after_a_refused_cancellation_is_charged(supplier):
    (purchase_order,) = make_purchase_orders()
    supplier.answers[purchase_order.number] = Acknowledgement.RECEIVED
    submission.submit(purchase_order=purchase_order, now=NOON)
    ask_to_stop(purchase_order.order)
    supplier.answers[purchase_order.number] = Acknowledgement.ACCEPTED

    state = supplier.state(purchase_order.number)
    acknowledgements.apply(purchase_order=fresh(purchase_order), state=state, now=LATER)

    assert fresh(purchase_order).status == "in_progress"
    assert PaymentEvent.objects.get(kind="capture_requested")


@pytest.fixture
def captured(supplier):
    (purchase_order,) = make_purchase_orders()
    submission.submit(purchase_order=purchase_order, now=NOON)
    order = purchase_order.order
    payment = order.payments.get()
    request = PaymentEvent.objects.get(kind="capture_requested")
    answer = make_payment_update(payment, "captured", request_key=request.external_id)
    apply(update=answer, gateway="fake", now=NOON)
    return order


def refund(order, amount):
    money = Money(Decimal(amount), "EUR")
    refunds.refund(order=order, amount=money, reason="late", actor="ann", now=NOON, key=f"{amount}")


def test_partial_refunds_are_positive_and_never_exceed_the_capture(captured):
    for amount in ("10.00", "5.00"):
        refund(captured, amount)

    for amount in ("0.00", "-1.00", captured.total_amount - 14):
        with pytest.raises(refunds.RefundTooLargeError) as refused:
            refund(captured, amount)

    assert refused.value.refundable.amount == captured.total_amount - 15
    for _ in range(2):  # the form is submitted twice
        refund(captured, captured.total_amount - 15)
    assert PaymentEvent.objects.filter(kind="refund_requested").count() == 3


def test_uncaptured_money_is_not_refunded():
    with pytest.raises(refunds.NothingToRefundError):
        refund(make_paid_order(), "1.00")


def test_the_customer_is_notified_when_the_refund_is_done(captured):
    refund(captured, "10.00")
    request = PaymentEvent.objects.get(kind="refund_requested")
    payment = captured.payments.get()
    assert Event.objects.filter(name="order.refunded").count() == 0

    update = make_payment_update(
        payment, "refunded", amount="10.00", request_key=request.external_id
    )
    apply(update=update, gateway="fake", now=NOON)

    assert Event.objects.get(name="order.refunded").payload["amount"] == "10.00"
    assert Order.objects.with_progress().get().payment_status == "partially_refunded"


def test_an_order_canceled_during_the_route_query_is_not_submitted(supplier):
    (purchase_order,) = make_purchase_orders()
    ask = supplier.freight

    def slow(**words):
        cancel(Order.objects.get())
        return ask(**words)

    supplier.freight = slow

    with pytest.raises(submission.NotSubmittableError):
        submission.submit(purchase_order=purchase_order, now=NOON)

    assert supplier.effects == []


def test_a_request_waits_for_the_look_up_of_a_lost_answer(supplier):
    (purchase_order,) = make_purchase_orders()
    supplier.script = [no_answer(effect=False)]
    submission.submit(purchase_order=purchase_order, now=NOON)
    assert cancel(purchase_order.order).open == (purchase_order.number,)

    submission_lookup.resolve(purchase_order=fresh(purchase_order), now=LATER)
    submission.submit(purchase_order=fresh(purchase_order), now=LATER + timedelta(hours=1))

    assert supplier.effects == []
    assert Order.objects.get().status == "canceled"


@pytest.mark.parametrize("can_stop", [True, False])
def test_a_request_is_sent_when_the_supplier_has_the_order(supplier, can_stop):
    supplier.can_stop = can_stop
    (purchase_order,) = make_purchase_orders()
    supplier.script = [no_answer(effect=True)]
    submission.submit(purchase_order=purchase_order, now=NOON)
    cancel(purchase_order.order)

    submission_lookup.resolve(purchase_order=fresh(purchase_order), now=LATER)
    is_stopped = cancellation.process_request(purchase_order=fresh(purchase_order), now=LATER)

    assert is_stopped is can_stop
    assert fresh(purchase_order).cancel_requested_at is None
    assert Order.objects.get().status == ("canceled" if can_stop else "processing")


def test_a_rejected_capture_is_not_refunded_from_another_purchase_order(supplier):
    (purchase_order,) = make_purchase_orders()
    submission.submit(purchase_order=purchase_order, now=NOON)
    request = PaymentEvent.objects.get(kind="capture_requested")
    PaymentEvent.objects.create(
        payment=request.payment,
        gateway="fake",
        external_id="refused",
        kind="refused",
        answers=request,
        occurred_at=NOON,
        received_at=NOON,
    )
    supplier.answers[purchase_order.number] = Acknowledgement.CANCELED

    state = supplier.state(purchase_order.number)
    acknowledgements.apply(purchase_order=fresh(purchase_order), state=state, now=LATER)
    reroute_due(LATER)

    assert PaymentEvent.objects.filter(kind="refund_requested").count() == 0
    assert PaymentEvent.objects.get(kind="void_requested").amount > 0
