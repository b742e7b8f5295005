"""The supplier may still process a call that timed out: we wait until that call must have ended."""

import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection

from orders.cancellation import cancellation
from orders.cancellation import tasks as cancellation_tasks
from orders.models import Order, PaymentEvent
from orders.purchasing import acknowledgements, retries, submission, submission_lookup, work_queue
from orders.purchasing import tasks as purchasing_tasks
from storefront.dashboard.invariants.purchase_orders import PURCHASE_ORDERS
from storefront.lib.http.errors import PermanentError, TemporaryError
from storefront.lib.money import Money
from suppliers.connectors.records import Acknowledgement, NotCancellableError, PurchaseOrderReport
from suppliers.resilience.bulkheads import LockedElsewhereError
from tests.factories.cancellation import fresh
from tests.factories.orders import make_purchase_orders
from tests.factories.scripted_supplier import no_answer
from tests.factories.shipping import (
    make_accepted_purchase_order,
)
from tests.factories.suppliers import NOON
from tests.support.concurrency import held_elsewhere
from tests.support.invariants import violated

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(hours=1)


def apply_answer(answer):
    state = PurchaseOrderReport(number=fresh().number, supplier_reference="S-1", answer=answer)
    acknowledgements.apply(purchase_order=fresh(), state=state, now=LATER)


def is_violated():
    code = "purchase_orders.canceled_but_shipped_decided"
    return violated([each for each in PURCHASE_ORDERS if each.code == code], LATER)


def cancel_as_customer():
    """Cancel as the customer does."""
    return cancellation.cancel(order=Order.objects.get(), reason="-", actor="customer", now=NOON)


def test_a_worker_that_sends_for_an_hour_is_alive(supplier):
    (purchase_order,) = make_purchase_orders()
    purchase_order.move("ready", at=NOON)
    purchase_order.move("submitting", at=NOON, status_field="submission_status", attempts=1)

    with held_elsewhere(submission_lookup.work_lock(purchase_order.pk)):
        with pytest.raises(LockedElsewhereError):
            submission_lookup.resolve(purchase_order=fresh(), now=LATER)
        purchasing_tasks.resolve_submission(purchase_order_id=purchase_order.pk)

    assert fresh().submission_status == "submitting"


def test_a_cancellation_waits_for_the_worker_that_calls_the_supplier(supplier):
    supplier.can_stop = True
    (purchase_order,) = make_purchase_orders()
    submission.submit(purchase_order=fresh(), now=NOON)

    with held_elsewhere(submission_lookup.work_lock(purchase_order.pk)):
        asked = cancel_as_customer()
        cancellation_tasks.process_request(purchase_order_id=purchase_order.pk)
    assert asked.open == (purchase_order.number,)
    assert fresh().submission_status == "accepted"

    cancellation_tasks.process_request(purchase_order_id=purchase_order.pk)
    assert fresh().submission_status == "cancellation_accepted"


@pytest.mark.django_db(transaction=True)
def test_two_workers_request_cancellation_once(supplier):
    """The supplier refuses a second request: that must not count as the answer to the first."""
    (purchase_order,) = make_purchase_orders()
    submission.submit(purchase_order=fresh(), now=NOON)
    is_asked, may_answer = threading.Event(), threading.Event()
    asked, outcomes = [], []

    def cancel(*, number):
        asked.append(number)
        if len(asked) > 1:
            raise NotCancellableError("it is being stopped already")
        is_asked.set()
        may_answer.wait(10)
        return PurchaseOrderReport(
            number=number, supplier_reference="", answer=Acknowledgement.CANCELED
        )

    def first():
        outcomes.append(cancellation.process_request(purchase_order=fresh(), now=NOON))
        connection.close()

    supplier.cancel = cancel
    cancel_as_customer()
    thread = threading.Thread(target=first)
    thread.start()
    is_asked.wait(10)
    try:
        cancel_as_customer()
        second = cancellation.process_request(purchase_order=fresh(), now=NOON)
    finally:
        may_answer.set()
        thread.join()

    assert asked == [purchase_order.number]
    assert (second, outcomes) == (None, [True])
    assert Order.objects.get().status == "canceled"


def test_a_timed_out_call_is_looked_up_only_after_it_must_have_ended(supplier):
    make_purchase_orders()
    supplier.script = [no_answer(effect=False)]
    submission.submit(purchase_order=fresh(), now=NOON)
    ended = fresh().submission_status_since + retries.MAX_CALL_TIME

    for now, is_over in ((ended - timedelta(seconds=1), False), (ended, True)):
        assert work_queue.to_look_up(now=now).exists() is is_over
        found = submission_lookup.resolve(purchase_order=fresh(), now=now)
        assert found.submission_status == ("submit_failed" if is_over else "submit_unknown")

    assert [call for call, _ in supplier.calls] == ["place", "find"]


@pytest.mark.parametrize("problem", [TemporaryError("busy"), PermanentError("no balance")])
def test_a_late_acceptance_is_applied(supplier, problem):
    make_purchase_orders()
    supplier.script = [problem]
    submission.submit(purchase_order=fresh(), now=NOON)

    apply_answer(Acknowledgement.ACCEPTED)

    assert (fresh().status, fresh().submission_status) == ("in_progress", "accepted")
    assert fresh().hold_reasons == []
    assert PaymentEvent.objects.filter(kind="capture_requested").count() == 1


@pytest.mark.parametrize(
    "answer", [Acknowledgement.ACCEPTED, Acknowledgement.RECEIVED, Acknowledgement.SHIPPED]
)
def test_an_acceptance_of_a_canceled_order_is_flagged_until_it_is_canceled(supplier, answer):
    make_purchase_orders()
    supplier.script = [TemporaryError("busy")]
    submission.submit(purchase_order=fresh(), now=NOON)
    cancel_as_customer()
    assert not is_violated()

    apply_answer(answer)

    is_shipped = answer is Acknowledgement.SHIPPED
    assert ("shipped a canceled" if is_shipped else "to cancel it") in fresh().problem
    assert is_violated()
    assert PaymentEvent.objects.filter(kind="capture_requested").count() == 0

    apply_answer(Acknowledgement.CANCELED)

    assert fresh().submission_status == "rejected"
    assert not is_violated()


def no_cancel_answer(*, number):
    raise TemporaryError(f"no answer about {number}", is_outcome_unknown=True)


def test_a_cancellation_waits_for_the_step_under_way(supplier):
    make_accepted_purchase_order()
    supplier.resume = no_cancel_answer

    with pytest.raises(TemporaryError):
        submission_lookup.resume(fresh(), supplier, now=NOON)
    cancel_as_customer()

    assert (
        cancellation.process_request(purchase_order=fresh(), now=NOON + timedelta(seconds=20))
        is None
    )
    assert fresh().submission_status == "accepted"


@pytest.mark.parametrize(
    ("amount", "currency"), [("3", "US Dollar"), ("1e12", "USD"), ("NaN", "USD")]
)
def test_invalid_freight_is_not_stored(supplier, amount, currency):
    purchase_order = make_accepted_purchase_order()
    state = PurchaseOrderReport(
        number=purchase_order.number,
        supplier_reference="S-1",
        answer=Acknowledgement.ACCEPTED,
        freight=Money(Decimal(amount), currency),
    )

    acknowledgements.apply(purchase_order=fresh(), state=state, now=LATER)

    assert fresh().freight_amount is None
