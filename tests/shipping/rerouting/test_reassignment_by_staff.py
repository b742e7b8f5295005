"""A silent supplier without an API must confirm the cancellation before reassignment."""

from contextlib import contextmanager
from datetime import timedelta

import pytest

from notifications.models import Event
from orders.cancellation import supplier_answers
from orders.models import Order, Payment
from orders.payments import captures
from orders.purchasing import reassignment
from shipping import status_polling
from suppliers.connectors.records import Acknowledgement
from tests.factories.backorders import acknowledge, live, reroute_due, violated_invariants
from tests.factories.cancellation import (
    LATER,
    cancellation_state,
    fresh,
    process_request,
    record_answer,
    requested_payments,
    sent,
)
from tests.factories.orders import ask_to_stop
from tests.factories.scripted_supplier import WrittenTo, connect_without_holds
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(monkeypatch):
    return connect_without_holds(monkeypatch, WrittenTo())


def reassign(purchase_order):
    reassignment.reassign(
        purchase_order=fresh(purchase_order), reason="silent", actor="rules", now=NOON
    )
    process_request(purchase_order)


def test_no_other_supplier_ships_before_the_cancellation_is_confirmed(people):
    purchase_order = sent(elsewhere=True)
    reassign(purchase_order)
    reroute_due(LATER)
    assert [one.pk for one in live()] == [purchase_order.pk]
    assert len(people.letters) == 1

    record_answer(purchase_order, supplier_answers.record_acceptance)
    reroute_due(LATER)

    assert [one.supplier.code for one in live()] == ["other"]
    assert Order.objects.get().status == "processing"
    assert requested_payments() == []
    assert violated_invariants() == []


@pytest.mark.parametrize("word", [Acknowledgement.ACCEPTED, Acknowledgement.SHIPPED])
def test_a_supplier_that_accepts_instead_keeps_the_order(people, word):
    purchase_order = sent(elsewhere=True)
    reassign(purchase_order)

    acknowledge(purchase_order, answer=word)
    reroute_due(LATER)

    assert [one.pk for one in live()] == [purchase_order.pk]
    assert cancellation_state(purchase_order) == ("cancellation_rejected", "email", False)
    assert fresh(purchase_order).is_being_reassigned is False
    assert requested_payments() == ["capture_requested"]


def test_a_supplier_that_cannot_cancel_keeps_the_order(people):
    purchase_order = sent(elsewhere=True)
    reassign(purchase_order)

    record_answer(purchase_order, supplier_answers.record_refusal)
    reroute_due(LATER)

    assert [one.pk for one in live()] == [purchase_order.pk]
    assert fresh(purchase_order).is_being_reassigned is False


def test_payment_is_captured_before_the_authorization_ends_and_refunded_on_cancellation(people):
    purchase_order = sent(elsewhere=True)
    reassign(purchase_order)
    ends = LATER + timedelta(hours=6)
    Payment.objects.update(capture_before=ends)

    captures.capture_before_expiry(payment=Payment.objects.get(), now=LATER)
    assert requested_payments() == ["capture_requested"]
    record_answer(purchase_order, supplier_answers.record_acceptance)
    reroute_due(LATER)

    assert live() == []
    assert requested_payments() == ["capture_requested", "refund_requested"]
    assert Event.objects.filter(name="order.lines_canceled").count() == 1


def test_an_order_with_a_cancellation_request_is_never_reassigned(people):
    purchase_order = sent(elsewhere=True)
    ask_to_stop(purchase_order.order)
    record_answer(purchase_order, supplier_answers.record_refusal)

    with pytest.raises(reassignment.NotReassignableError):
        reassign(purchase_order)


@pytest.mark.parametrize("channel", ["email", "staff"])
def test_a_shipment_while_waiting_for_the_answer_is_found_by_polling(people, monkeypatch, channel):
    people.has_box = channel == "email"
    purchase_order = sent()
    ask_to_stop(purchase_order.order)

    @contextmanager
    def adapter_for(_row):
        yield people

    monkeypatch.setattr(status_polling, "open_connector", adapter_for)
    people.answers[purchase_order.number] = Acknowledgement.SHIPPED
    assert cancellation_state(purchase_order)[:2] == ("cancellation_requested", channel)
    status_polling.poll_supplier(supplier=purchase_order.supplier, clock=lambda: LATER)

    assert fresh(purchase_order).accepted_at is not None
    assert requested_payments() == ["capture_requested"]


def test_an_order_canceled_meanwhile_is_not_rerouted(people):
    purchase_order = sent(elsewhere=True)
    reassign(purchase_order)
    ask_to_stop(purchase_order.order, now=LATER)
    assert len(people.letters) == 1

    record_answer(purchase_order, supplier_answers.record_acceptance)
    reroute_due(LATER)

    assert live() == []
    assert Order.objects.get().status == "canceled"
    assert requested_payments() == ["void_requested"]
