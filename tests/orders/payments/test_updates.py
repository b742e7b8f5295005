from dataclasses import replace
from decimal import Decimal
from itertools import permutations

import pytest
from django.db import connection, transaction

from notifications.models import Event
from orders import ledger
from orders.models import Allocation, Order, Payment, PaymentEvent, Reservation
from orders.payments import captures
from orders.payments import updates as payment_updates
from storefront.lib.money import Money
from suppliers.models import StockLevel
from tests.factories.orders import (
    make_order,
    make_paid_order,
    make_payment,
    make_payment_update,
    make_sellable,
)
from tests.factories.payments import apply_update
from tests.factories.suppliers import NOON
from tests.support.concurrency import Rival
from tests.support.matrices import thinned

pytestmark = pytest.mark.django_db


def test_an_authorized_payment_places_the_order_and_sells_the_held_units():
    listing = make_sellable(quantity=5)
    order = make_order(listing, quantity=2)
    payment = make_payment(order)

    payment_updates.apply(
        update=make_payment_update(payment, "authorized"), gateway="fake", now=NOON
    )

    order.refresh_from_db()
    payment.refresh_from_db()
    level = StockLevel.objects.get(pk=listing.level.pk)
    assert (order.status, payment.status) == ("placed", "authorized")
    assert (level.reserved, level.allocated_outstanding, level.available) == (0, 2, 3)
    assert Reservation.objects.get().status == "converted"
    assert Allocation.objects.get().status == "unseen"
    assert [event.name for event in Event.objects.all()] == ["order.placed"]


@pytest.mark.django_db(transaction=True)
def test_an_update_locks_the_order_before_the_payment():
    payment = make_payment(make_order())
    rival = Rival(lambda: apply_update("authorized"))

    with transaction.atomic():
        Order.objects.select_for_update(of=["self"]).get()
        rival.begin()
        Payment.objects.select_for_update(of=["self"], nowait=True).get()  # raises if it is locked
    rival.finish()

    payment.refresh_from_db()
    assert (payment.status, rival.failure) == ("authorized", None)


def test_an_order_with_a_declined_payment_can_still_be_paid():
    order = make_order()
    payment = make_payment(order)

    apply_update("declined")

    order.refresh_from_db()
    payment.refresh_from_db()
    assert (order.status, payment.status) == ("pending_payment", "declined")
    assert Event.objects.get().name == "order.payment_failed"


def test_an_authorization_of_an_expired_order_is_voided():
    order = make_order()
    payment = make_payment(order)
    order.move(Order.Status.EXPIRED, at=NOON)

    apply_update("authorized")

    assert PaymentEvent.objects.get(kind="void_requested").amount == payment.amount
    assert Event.objects.filter(name="order.placed").count() == 0


def test_an_amount_that_is_not_the_total_holds_the_order():
    make_payment(make_order())

    apply_update("authorized", amount="1.00")

    order = Order.objects.get()
    assert order.status == "on_hold"
    assert "1.00 EUR" in order.hold_reason


def apply_until_accepted(updates):
    """Apply updates in this sequence; retry those that come too early, as a gateway does."""
    waiting = list(updates)
    for _ in range(len(waiting)):
        again = []
        for update in waiting:
            try:
                payment_updates.apply(update=update, gateway="fake", now=NOON)
            except payment_updates.TooEarlyError:
                again.append(update)
        waiting = again
    assert waiting == []


@pytest.mark.parametrize("sequence", thinned(permutations(range(4)), step=4))
def test_duplicate_updates_in_any_sequence_end_in_one_state(sequence):
    order = make_order()
    payment = make_payment(order)
    whole = payment.amount
    part = Decimal("10.00")
    updates = [
        make_payment_update(payment, "authorized", external_id="a"),
        make_payment_update(payment, "captured", amount=part, external_id="b"),
        make_payment_update(payment, "voided", amount=whole - part, external_id="c"),
        make_payment_update(payment, "refunded", amount=Decimal("4.00"), external_id="d"),
    ]

    updates = [updates[place] for place in sequence]
    apply_until_accepted([*updates, *updates])

    payment.refresh_from_db()
    assert payment.status == "captured"
    assert (
        payment.authorized_amount,
        payment.captured_amount,
        payment.voided_amount,
        payment.refunded_amount,
    ) == (whole, part, whole - part, Decimal("4.00"))
    names = Event.objects.order_by("name").values_list("name", flat=True)
    assert list(names) == ["order.placed", "order.refunded"], "each update counts once"
    assert not payment.events.filter(kind__endswith="_requested").exists()


@pytest.mark.parametrize("kinds", list(permutations(["refunded", "refund_failed"])))
def test_a_failed_refund_is_not_counted_in_any_sequence(kinds):
    payment = make_payment(make_order())
    words = {"refunded": {"external_id": "re_1"}, "refund_failed": {"external_id": "re_1:failed"}}
    with payment_updates.transaction.atomic():
        ledger.request_capture(payment, amount=payment.total, purpose="x", at=NOON)
        ledger.request_refund(payment, amount=payment.total, purpose="x", at=NOON)
    key = ledger.refund_key(payment, "x")
    apply_until_accepted(
        [make_payment_update(payment, "authorized"), make_payment_update(payment, "captured")]
    )

    for kind in (*kinds, *kinds):
        update = replace(
            make_payment_update(payment, kind, request_key=key, **words[kind]), about="re_1"
        )
        payment_updates.apply(update=update, gateway="fake", now=NOON)

    payment.refresh_from_db()
    assert (payment.status, payment.refunded_amount) == ("captured", 0)
    assert ledger.refundable_amount(payment) == payment.total
    assert payment.events.filter(answers__external_id=key).count() == 1


def test_a_refund_waits_for_the_capture_that_it_refunds():
    order = make_paid_order()
    payment = order.payments.get()
    with payment_updates.transaction.atomic():
        ledger.request_capture(payment, amount=order.total, purpose="x", at=NOON)
        ledger.request_refund(payment, amount=order.total, purpose="y", at=NOON)

    first = PaymentEvent.objects.get(pk=captures.due_requests(now=NOON)[0])

    assert len(captures.due_requests(now=NOON)) == 1
    assert first.kind == "capture_requested"


def test_a_request_is_answered_once_and_by_its_own_answer():
    order = make_paid_order()
    payment = order.payments.get()
    with payment_updates.transaction.atomic():
        ledger.request_capture(payment, amount=Money(Decimal(5), "EUR"), purpose="x", at=NOON)
    answer = make_payment_update(payment, "captured", amount="5.00", request_key="capture:x")

    payment_updates.apply(update=answer, gateway="fake", now=NOON)

    assert captures.due_requests(now=NOON) == []
    assert PaymentEvent.objects.get(kind="captured").answers.external_id == "capture:x"


@pytest.mark.parametrize("sequence", [(0, 1, 2), (0, 2, 1), (1, 0, 2)])
def test_an_authorization_that_expires_after_a_partial_capture_keeps_the_capture(sequence):
    order = make_order()
    payment = make_payment(order)
    part = Decimal("10.00")
    updates = [
        make_payment_update(payment, "authorized", external_id="a"),
        make_payment_update(payment, "captured", amount=part, external_id="b"),
        make_payment_update(payment, "expired", external_id="c"),
    ]

    apply_until_accepted([updates[place] for place in sequence])
    payment_updates.apply(
        update=make_payment_update(payment, "refunded", amount=part, external_id="d"),
        gateway="fake",
        now=NOON,
    )

    payment.refresh_from_db()
    order.refresh_from_db()
    assert (payment.captured_amount, payment.open_amount) == (part, Money.zero("EUR"))
    assert (payment.status, order.status) == ("refunded", "on_hold")


def test_a_second_refund_waits_for_the_capture_that_it_refunds():
    payment = make_payment(make_order())
    ten = Decimal("10.00")
    events = [("authorized", None), ("captured", ten), ("refunded", ten), ("refunded", ten)]
    updates = [
        make_payment_update(payment, what, amount=amount, external_id=str(place))
        for place, (what, amount) in enumerate([*events, ("captured", ten)])
    ]

    apply_until_accepted([*updates, *updates])

    payment.refresh_from_db()
    assert (payment.captured_amount, payment.refunded_amount) == (2 * ten, 2 * ten)


def test_an_update_is_found_by_an_index_and_not_stored_without_its_payment():
    unknown = replace(
        make_payment_update(make_payment(make_order()), "authorized"), reference="unknown"
    )
    asked = []

    def listen(execute, sql, params, *rest):
        asked.append((sql, params))
        return execute(sql, params, *rest)

    with connection.execute_wrapper(listen), pytest.raises(payment_updates.UnknownPaymentError):
        payment_updates.apply(update=unknown, gateway="fake", now=NOON)

    assert PaymentEvent.objects.count() == 0
    (question,) = (each for each in asked if '"reference" = %s' in each[0])
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")  # the table is small here
        cursor.execute(f"EXPLAIN {question[0]}", question[1])
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "payment_once_per_reference" in plan
