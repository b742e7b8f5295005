"""Race: concurrent clicks on returns, each on its own connection."""

from decimal import Decimal

import pytest
from django.db import transaction

from notifications.models import Event
from orders import privacy
from orders.models import Order, Payment, PaymentEvent, ReturnAuthorization
from orders.payments import updates
from orders.returns import authorizations, exchanges, refunds, requests
from orders.returns.eligibility import CannotReturnError
from storefront.lib.state_machine import ConcurrentUpdateError, InvalidTransitionError
from suppliers.models import StockLevel
from tests.factories.orders import make_payment_update, make_sellable
from tests.factories.returns import (
    bring_back,
    counters,
    declare,
    deliver_order,
    exchange,
    make_delivered,
    make_inspected_return,
    make_return_request,
    make_sibling,
    pay,
    requested_refunds,
    return_units,
    violated_return_invariants,
)
from tests.factories.suppliers import NOON
from tests.support.concurrency import Rival, all_at_once

pytestmark = pytest.mark.django_db(transaction=True)
CLICKS = 6
ROUNDS = 3


def clicking(order, said):
    return lambda: requests.submit(order=order, request=said, actor="customer", now=NOON)


def test_concurrent_submissions_of_one_form_are_one_return():
    for _ in range(ROUNDS):
        order = make_delivered(quantity=3)
        said = make_return_request(order, 1)

        assert all_at_once([clicking(order, said)] * CLICKS, ()) == 0

        assert counters(order) == [(1, 0)]
        assert ReturnAuthorization.objects.filter(order=order).count() == 1
        events = Event.objects.filter(name="return.declared", subject=f"order:{order.number}")
        assert events.count() == 1


def test_concurrent_forms_do_not_exceed_the_units():
    for _ in range(ROUNDS):
        order = make_delivered(quantity=3)
        acts = [clicking(order, make_return_request(order, 1)) for _ in range(CLICKS)]

        assert all_at_once(acts, CannotReturnError) == CLICKS - 3

        assert counters(order) == [(3, 0)]


def test_concurrent_refunds_pay_once():
    for _ in range(ROUNDS):
        order = make_delivered(quantity=1)
        made = declare(order, 1)
        bring_back(made)
        rows = [ReturnAuthorization.objects.get(pk=made.pk) for _ in range(CLICKS)]
        acts = [lambda row=row: pay(row) for row in rows]

        assert (
            all_at_once(acts, (InvalidTransitionError, ConcurrentUpdateError, CannotReturnError))
            == CLICKS - 1
        )

        requests_made = PaymentEvent.objects.filter(payment__order=order, kind="refund_requested")
        assert requests_made.count() == 1
        assert counters(order) == [(1, 1)]


def test_a_concurrent_cancel_and_refund_exclude_each_other():
    for _ in range(ROUNDS):
        order = make_delivered(quantity=1)
        made = declare(order, 1)
        staff, shopper = (ReturnAuthorization.objects.get(pk=made.pk) for _ in range(2))

        lost = all_at_once(
            [
                lambda row=staff: refunds.refund_without_return(
                    authorization=row, actor="ann", now=NOON
                ),
                lambda row=shopper: authorizations.cancel(
                    authorization=row, actor="customer", now=NOON
                ),
            ],
            (InvalidTransitionError, CannotReturnError),
        )

        made.refresh_from_db()
        assert lost == 1
        is_paid = PaymentEvent.objects.filter(
            payment__order=order, kind="refund_requested"
        ).exists()
        assert (made.status, is_paid, counters(order)) in [
            ("refunded", True, [(1, 1)]),
            ("canceled", False, [(0, 0)]),
        ]


def test_erasure_waits_for_a_refund_of_a_replacement(monkeypatch):
    """Orders are locked newest first; otherwise the two would deadlock."""
    first = make_inspected_return(make_sellable(quantity=9), units=1)
    again = return_units(deliver_order(exchange(first)), 1)

    def forget():
        with transaction.atomic():
            privacy.erase_customer(addresses=[first.order.email], owner_id=0, now=NOON)

    rival = Rival(forget)
    rival.begin_at(monkeypatch, refunds.ledger, "lock_authorized_payments")
    pay(again)
    rival.finish()

    assert isinstance(rival.failure, privacy.OpenOrderError)  # other items are in transit
    first.refresh_from_db()
    assert first.status == "refunded"


def same(made, light):
    return lambda: exchange(made)


def cheaper(made, light):
    other = make_sibling(light, "25.00")
    return lambda: exchange(made, other)


def paid(made, light):
    return lambda: pay(made)


def held():
    """Count the units that are not available to others."""
    return sum(row.reserved + row.allocated_outstanding for row in StockLevel.objects.all())


@pytest.mark.parametrize("other_click", [same, cheaper, paid])
def test_the_second_click_waits_and_is_refused(monkeypatch, light, other_click):
    """Without the lock of the order, both clicks would find the return open."""
    other = make_sibling(light, "30.00")
    made = make_inspected_return(light, units=1)
    rival = Rival(other_click(ReturnAuthorization.objects.get(pk=made.pk), light))
    rival.begin_at(monkeypatch, exchanges.exchange_options, "find_purchase_lines")
    before = held()

    exchange(made, other)
    rival.finish()

    assert isinstance(rival.failure, CannotReturnError)
    (order,) = Order.objects.filter(total_amount=0)
    assert ReturnAuthorization.objects.get().replacement == order
    assert order.lines.get().variant == other.variant
    assert requested_refunds() == [Decimal("3.33")]
    assert held() == before + 1
    assert counters(made.order) == [(1, 1)]
    assert violated_return_invariants() == []


def test_a_chargeback_of_the_first_order_waits_for_an_exchange_of_the_second(
    monkeypatch,
):
    """Without the lock of the first order, the chargeback would be stored during the exchange."""
    first = make_inspected_return(make_sellable(quantity=9), units=1)
    again = return_units(deliver_order(exchange(first)), 1)
    update = make_payment_update(first.order.payments.get(), "disputed")
    rival = Rival(lambda: updates.apply(update=update, gateway="fake", now=NOON))
    rival.begin_at(monkeypatch, exchanges.exchange_options, "find_purchase_lines")
    seen, answered = [], exchanges.events.record_answer

    def look(*given, **named):
        seen.append(Payment.objects.get().dispute_status)
        return answered(*given, **named)

    monkeypatch.setattr(exchanges.events, "record_answer", look)

    exchange(again)
    rival.finish()

    assert (seen, rival.failure) == (["none"], None)
    assert Payment.objects.get().dispute_status == "charged_back"
