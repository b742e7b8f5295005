"""Holds, cancellations and late answers while a purchase order is being submitted."""

from datetime import timedelta

import pytest

from orders.cancellation import cancellation
from orders.checkout import checkout
from orders.models import Order, PaymentEvent, PurchaseOrder
from orders.payments import sessions
from orders.purchasing import acknowledgements, submission, submission_lookup
from orders.purchasing.holds import holds
from storefront.lib.http.errors import PermanentError, TemporaryError
from storefront.lib.state_machine import InvalidTransitionError
from suppliers.connectors.records import Acknowledgement, PurchaseOrderReport
from tests.factories.backorders import look_everywhere
from tests.factories.cancellation import fresh
from tests.factories.orders import (
    HOME,
    ask_to_stop,
    make_cart,
    make_order,
    make_payment,
    make_purchase_orders,
    make_sellable,
    quote_for,
)
from tests.factories.scripted_supplier import no_answer
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db

LATER = NOON + timedelta(hours=2)


def cancel(order):
    return cancellation.cancel(order=order, reason="changed my mind", actor="customer", now=NOON)


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


def test_a_held_order_is_not_resubmitted_before_release(supplier):
    (purchase_order,) = make_purchase_orders()
    supplier.script = [PermanentError("the balance is too low")]
    submission.submit(purchase_order=purchase_order, now=NOON)

    with pytest.raises(submission.NotSubmittableError):
        submission.resubmit(purchase_order=purchase_order, actor="ann", now=NOON)
    with pytest.raises(submission.NotSubmittableError):
        submission.submit(purchase_order=fresh(purchase_order), now=LATER)

    assert supplier.effects == []


def test_a_long_outage_does_not_exhaust_the_attempts(supplier):
    (purchase_order,) = make_purchase_orders()
    PurchaseOrder.objects.update(attempts=400)
    supplier.script = [TemporaryError("away")]

    submission.submit(purchase_order=fresh(purchase_order), now=NOON)

    assert fresh(purchase_order).retry_at <= NOON + timedelta(minutes=33)


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


def test_an_unreadable_answer_is_no_refusal(supplier):
    (purchase_order,) = make_purchase_orders()
    submission.submit(purchase_order=purchase_order, now=NOON)

    def garbage(*, number):
        raise PermanentError("not JSON", is_outcome_unknown=True)

    supplier.cancel = garbage

    _, came = ask_to_stop(purchase_order.order)

    assert came == [None]
    assert fresh(purchase_order).submission_status == "cancellation_requested"


def test_a_cancellation_by_phone_after_a_refusal_is_refunded(supplier):
    (purchase_order,) = make_purchase_orders()
    submission.submit(purchase_order=purchase_order, now=NOON)
    ask_to_stop(purchase_order.order)
    supplier.answers[purchase_order.number] = Acknowledgement.CANCELED

    state = supplier.state(purchase_order.number)
    acknowledgements.apply(purchase_order=fresh(purchase_order), state=state, now=LATER)

    assert Order.objects.get().status == "canceled"
    assert (
        PaymentEvent.objects.get(kind="refund_requested").amount
        == purchase_order.customer_charge_amount
    )


def test_an_acceptance_after_a_refused_cancellation_is_charged(supplier):
    (purchase_order,) = make_purchase_orders()
    supplier.answers[purchase_order.number] = Acknowledgement.RECEIVED
    submission.submit(purchase_order=purchase_order, now=NOON)
    ask_to_stop(purchase_order.order)

    state = PurchaseOrderReport(
        number=purchase_order.number, supplier_reference="S-1", answer=Acknowledgement.ACCEPTED
    )
    acknowledgements.apply(purchase_order=fresh(purchase_order), state=state, now=LATER)

    assert fresh(purchase_order).status == "in_progress"
    assert PaymentEvent.objects.filter(kind="capture_requested").count() == 1


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
    look_everywhere(LATER)

    assert PaymentEvent.objects.filter(kind="refund_requested").count() == 0
    assert PaymentEvent.objects.get(kind="void_requested").amount > 0


def test_only_held_orders_can_be_released():
    order = make_order()

    with pytest.raises(InvalidTransitionError):
        holds.release_order(order=order, reason="please", actor="ann", now=NOON)

    assert Order.objects.get().status == "pending_payment"


def test_an_expired_order_cannot_be_paid():
    order = make_order()
    payment = make_payment(order)
    checkout.expire(order=order, now=LATER)

    with pytest.raises(sessions.NotPayableError):
        sessions.open_session(order=order, return_url="http://127.0.0.1/", now=LATER)

    payment.refresh_from_db()
    assert payment.status == "expired"


def test_an_unpublished_item_is_not_sold_from_an_old_cart():
    listing = make_sellable()
    cart = make_cart(listing)
    quote = quote_for(cart)
    type(listing).objects.update(is_delisted=True)

    with pytest.raises(checkout.UnavailableError):
        checkout.place(cart=cart, email="a@example.org", ship_to=HOME, quote=quote, now=NOON)

    assert Order.objects.count() == 0
