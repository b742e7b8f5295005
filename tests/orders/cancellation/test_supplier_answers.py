"""Supplier answers: a supplier without an API gets one request and can answer at any time."""

from contextlib import suppress

import pytest

from notifications.models import Event
from orders.cancellation import cancellation, status, supplier_answers
from orders.models import Order
from orders.purchasing import submission, work_queue
from storefront.lib.http.errors import TemporaryError
from suppliers.connectors.records import Acknowledgement, ManualCancellationError, RequestKind
from tests.factories.backorders import acknowledge
from tests.factories.cancellation import (
    LATER,
    cancellation_state,
    fresh,
    process_request,
    record_answer,
    requested_payments,
    sent,
    ship,
)
from tests.factories.orders import ask_to_stop, make_purchase_orders
from tests.factories.scripted_supplier import (
    ScriptedSupplier,
    WrittenTo,
    connect,
    connect_without_holds,
    no_answer,
)
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(monkeypatch):
    return connect_without_holds(monkeypatch, WrittenTo())


def test_one_e_mail_is_sent_and_the_request_stays_open(people):
    purchase_order = sent()

    ask_to_stop(purchase_order.order)
    for _ in range(2):
        process_request(purchase_order, LATER)
        cancellation.cancel(order=purchase_order.order, reason="-", actor="ann", now=LATER)

    (manual_request,) = people.letters.values()
    assert (manual_request.kind, manual_request.number) == (
        RequestKind.STOP,
        purchase_order.number,
    )
    assert manual_request.page_url.endswith(
        f"/{purchase_order.number}/{fresh(purchase_order).access_key}/"
    )
    assert cancellation_state(purchase_order) == ("cancellation_requested", "email", True)
    assert not work_queue.to_cancel(now=LATER).exists()
    assert status.status_of(purchase_order.order) == status.CancellationStatus.ASKED
    assert requested_payments() == []


def test_without_an_e_mail_address_staff_ask(people):
    people.has_box = False
    purchase_order = sent()

    ask_to_stop(purchase_order.order)

    assert cancellation_state(purchase_order) == ("cancellation_requested", "staff", True)
    assert "Contact the supplier" in fresh(purchase_order).problem
    assert not work_queue.to_cancel(now=LATER).exists()


def test_staff_ask_when_the_api_can_no_longer_cancel(monkeypatch):
    supplier = connect(monkeypatch, ScriptedSupplier())
    purchase_order = sent()

    def cancel(*, number):
        raise ManualCancellationError("UNSHIPPED: ask the supplier in person")

    supplier.cancel = cancel
    _, came = ask_to_stop(purchase_order.order)

    assert came == [None]
    assert fresh(purchase_order).accepted_at is not None
    assert cancellation_state(purchase_order) == ("cancellation_requested", "staff", True)
    record_answer(purchase_order, supplier_answers.record_acceptance)
    assert Order.objects.get().status == "canceled"
    assert requested_payments() == ["capture_requested", "refund_requested"]


def test_an_acceptance_refunds_once(people):
    purchase_order = sent()
    ask_to_stop(purchase_order.order)

    for _ in range(2):
        record_answer(purchase_order, supplier_answers.record_acceptance)

    assert cancellation_state(purchase_order) == ("cancellation_accepted", "", False)
    assert Order.objects.get().status == "canceled"
    assert requested_payments() == ["void_requested"]
    assert Event.objects.filter(name="order.canceled").count() == 1


def test_a_refusal_is_reported_and_the_shipment_charged(people):
    purchase_order = sent()
    ask_to_stop(purchase_order.order)

    for _ in range(2):
        record_answer(purchase_order, supplier_answers.record_refusal)
    assert status.status_of(purchase_order.order) == status.CancellationStatus.REFUSED

    ship(purchase_order)

    assert cancellation_state(purchase_order) == ("cancellation_rejected", "", False)
    assert fresh(purchase_order).accepted_at is not None
    assert requested_payments() == ["capture_requested"]
    with pytest.raises(supplier_answers.NoPendingRequestError):
        record_answer(purchase_order, supplier_answers.record_acceptance)


def test_an_acceptance_after_a_refusal_counts(people):
    purchase_order = sent()
    ask_to_stop(purchase_order.order)
    record_answer(purchase_order, supplier_answers.record_refusal)

    record_answer(purchase_order, supplier_answers.record_acceptance)

    assert Order.objects.get().status == "canceled"
    assert requested_payments() == ["void_requested"]
    with pytest.raises(supplier_answers.NoPendingRequestError):
        record_answer(purchase_order, supplier_answers.record_refusal)


def test_a_shipment_before_the_answer_refuses_the_request(people):
    purchase_order = sent()
    ask_to_stop(purchase_order.order)

    ship(purchase_order)

    assert list(work_queue.to_cancel(now=LATER)) == [fresh(purchase_order)]
    assert process_request(purchase_order, LATER) is False
    assert cancellation_state(purchase_order) == ("cancellation_rejected", "email", False)
    assert len(people.letters) == 1
    for verb in (supplier_answers.record_acceptance, supplier_answers.record_refusal):
        with suppress(supplier_answers.NoPendingRequestError):
            record_answer(purchase_order, verb)
    assert cancellation_state(purchase_order) == ("cancellation_rejected", "email", False)
    assert requested_payments() == ["capture_requested"]


def test_an_answer_without_a_request_is_rejected(people):
    purchase_order = sent()

    for verb in (supplier_answers.record_acceptance, supplier_answers.record_refusal):
        with pytest.raises(supplier_answers.NoPendingRequestError):
            record_answer(purchase_order, verb)

    assert fresh(purchase_order).status == "ready"


def test_a_request_during_submission_is_sent_after_it(people):
    (purchase_order,) = make_purchase_orders()
    people.script = [no_answer(effect=True)]
    submission.submit(purchase_order=purchase_order, now=NOON)
    ask_to_stop(purchase_order.order)
    assert people.letters == {}

    acknowledge(purchase_order, answer=Acknowledgement.RECEIVED)
    process_request(purchase_order, LATER)

    assert len(people.letters) == 1
    assert cancellation_state(purchase_order) == ("cancellation_requested", "email", True)


def test_a_second_request_after_a_refusal_sends_a_second_e_mail(people):
    purchase_order = sent()
    ask_to_stop(purchase_order.order)
    record_answer(purchase_order, supplier_answers.record_refusal)

    ask_to_stop(purchase_order.order, now=LATER)

    assert len(people.letters) == 2
    assert cancellation_state(purchase_order) == ("cancellation_requested", "email", True)


def test_a_crash_after_the_e_mail_sends_no_second_one(people, monkeypatch):
    """The next sweep must not repeat the e-mail, but record that it was sent."""
    purchase_order = sent()

    class KilledError(BaseException):
        pass

    def die(*_):
        raise KilledError

    with monkeypatch.context() as patched:
        patched.setattr(supplier_answers, "_record_channel", die)
        with pytest.raises(KilledError):
            ask_to_stop(purchase_order.order)
    assert cancellation_state(purchase_order) == ("cancellation_requested", "", True)
    assert list(work_queue.to_cancel(now=LATER)) == [fresh(purchase_order)]

    process_request(purchase_order, LATER)

    assert len(people.letters) == 1
    assert cancellation_state(purchase_order) == ("cancellation_requested", "email", True)


def test_a_failed_e_mail_is_retried(people, monkeypatch):
    purchase_order = sent()

    def away(_manual_request):
        raise TemporaryError("away")

    with monkeypatch.context() as patched:
        patched.setattr(people, "send_request", away)
        assert ask_to_stop(purchase_order.order)[1] == [None]
    assert cancellation_state(purchase_order) == ("cancellation_requested", "", True)
    process_request(purchase_order, LATER)

    assert cancellation_state(purchase_order) == ("cancellation_requested", "email", True)
