"""Orders paid at the Stripe sandbox, from payment page to refund, also with lost answers."""

from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from itertools import permutations

import pytest
from django.db import transaction

from orders import ledger
from orders.checkout import tasks
from orders.gateways import gateway_for
from orders.models import Order, Payment, PaymentEvent, PurchaseOrder, Reservation
from orders.payments import captures, updates
from orders.purchasing import submission
from storefront.dashboard.invariants.payments import PAYMENTS
from storefront.lib.http.errors import ExternalServiceError, TemporaryError
from storefront.lib.money import Money
from tests.factories.orders import make_order, make_sellable
from tests.factories.stripe_orders import (
    NOON,
    accept,
    book,
    buy,
    refuse,
    settle,
    start,
    sums,
    two_sellables,
)
from tests.support.invariants import violated

pytestmark = pytest.mark.django_db


def test_a_shopper_pays_at_stripes_page_and_the_order_is_placed(stripe):
    order = make_order()
    payment = start(order)
    again = start(order)
    stripe.pay(payment.pay_url)

    updates.refresh(payment=payment, now=NOON)

    order.refresh_from_db()
    assert again.reference == payment.reference
    assert (order.status, payment.status, payment.capture_mode) == (
        "placed",
        "authorized",
        "single",
    )
    assert payment.capture_before is not None


def test_an_account_that_captures_once_waits_for_the_last_answer(stripe):
    payment, (first, second) = buy(stripe, *two_sellables())
    accept(first)
    waiting = settle()
    assert (waiting.captured_amount, stripe.intent["status"]) == (0, "requires_capture")
    accept(second)

    settle()

    whole = str(payment.amount)
    assert sums(payment) == [whole, whole, "0.00", "0.00"]
    assert [kind for kind, _, answers in book(payment) if answers] == ["captured", "captured"]
    assert [event["type"] for event in stripe.events()].count("charge.captured") == 1
    assert violated(PAYMENTS) == []


def test_a_rejected_part_is_voided_with_the_single_capture(stripe):
    payment, (first, second) = buy(stripe, *two_sellables())
    refuse(payment, second)
    assert settle().voided_amount == 0
    accept(first)

    settle()

    assert sums(payment)[1:3] == [
        str(first.customer_charge_amount),
        str(second.customer_charge_amount),
    ]
    assert Payment.objects.get().status == "captured"
    assert not PaymentEvent.objects.filter(kind__in=ledger.REQUESTS, outcome__isnull=True).exists()
    assert violated(PAYMENTS) == []


def test_an_order_that_all_suppliers_reject_is_voided(stripe):
    payment, made = buy(stripe, *two_sellables())
    for purchase_order in made:
        refuse(payment, purchase_order)

    settle()

    assert sums(payment)[1:3] == ["0.00", str(payment.amount)]
    assert Payment.objects.get().status == "voided"
    assert stripe.intent["status"] == "canceled"
    assert stripe.intent["cancellation_reason"] == "requested_by_customer"


def test_an_account_with_several_captures_captures_each_accepted_part(stripe):
    payment, (first, second) = buy(stripe, *two_sellables(), many=True)
    accept(first)
    settle()
    after_one = sums(payment)
    refuse(payment, second)

    settle()

    assert payment.capture_mode == "multiple"
    assert after_one[1:3] == [str(first.customer_charge_amount), "0.00"]
    assert sums(payment)[1:3] == [
        str(first.customer_charge_amount),
        str(second.customer_charge_amount),
    ]
    assert Payment.objects.get().status == "captured"


def test_only_submitted_purchase_orders_are_captured_before_the_authorization_expires(stripe):
    payment, (first, second) = buy(stripe, *two_sellables())
    PurchaseOrder.objects.filter(pk=first.pk).update(submission_status="submitted")
    soon = payment.capture_before - timedelta(hours=11)
    early = payment.capture_before - timedelta(hours=13)

    for now in (early, soon):
        for one in captures.expiring_authorizations(now=now):
            captures.capture_before_expiry(payment=one, now=now)
        settle(now)
        if now == early:
            assert sums(payment)[1] == "0.00"

    assert sums(payment)[1:3] == [
        str(first.customer_charge_amount),
        str(second.customer_charge_amount),
    ]
    assert ledger.is_capture_requested(payment, purpose=first.number)
    assert not ledger.is_capture_requested(payment, purpose=second.number)
    assert violated(PAYMENTS) == []


def test_an_expired_authorization_holds_the_order(stripe):
    payment, _ = buy(stripe, make_sellable())
    stripe.control("expire", {"id": stripe.intent["id"]})

    updates.refresh(payment=payment, now=NOON)

    assert (payment.status, Order.objects.get().status) == ("expired", "on_hold")


def test_two_partial_refunds_refund_the_whole_payment(stripe):
    payment, (only,) = buy(stripe, make_sellable())
    accept(only)
    settle()
    part = Money(Decimal("5.00"), "EUR")
    for purpose, amount in (("a", part), ("b", payment.total - part)):
        with transaction.atomic():
            ledger.request_refund(payment, amount=amount, purpose=purpose, at=NOON)
        settle()

    assert sums(payment)[3] == str(payment.amount)
    assert Payment.objects.get().status == "refunded"


def test_stripe_is_not_called_before_all_suppliers_answered(stripe):
    payment, (first, second) = buy(stripe, *two_sellables())
    accept(first)
    refuse_some = Money(Decimal("1.00"), "EUR")
    with transaction.atomic():
        ledger.request_void(payment, amount=refuse_some, purpose=second.number, at=NOON)
    stripe.fault("500", path="/v1/", count=9)

    captures.execute(payment=payment, now=NOON)

    assert stripe.control("faults")["faults"][0]["count"] == 9


@pytest.mark.parametrize("outcome", ["won", "lost"])
@pytest.mark.parametrize("step", [20, pytest.param(1, marks=pytest.mark.full)])
def test_repeated_updates_of_all_stages_in_any_sequence_end_in_one_state(stripe, outcome, step):
    order = make_order()
    payment = start(order)
    gateway, reference = gateway_for("stripe"), payment.reference
    stripe.pay(payment.pay_url)
    histories = [gateway.history(reference=reference)]
    gateway.capture(reference=reference, amount=payment.total, key="x", is_last=True)
    histories.append(gateway.history(reference=reference))
    gateway.refund(reference=reference, amount=payment.total, key="y")
    histories.append(gateway.history(reference=reference))
    for status in ("needs_response", outcome):
        stripe.control("dispute", {"id": stripe.intent["id"], "status": status})
        histories.append(gateway.history(reference=reference))
    ends = set()

    for stages in list(permutations(histories))[::step]:
        with transaction.atomic():
            for update in [update for stage in (*stages, *stages) for update in stage]:
                updates.apply.__wrapped__(update=update, gateway="stripe", now=NOON)
            row = Payment.objects.get()
            lines = sorted(row.events.values_list("external_id", "kind", "amount"))
            status = Order.objects.get().status
            ends.add((row.status, row.dispute_status, status, *sums(row), str(lines)))
            transaction.set_rollback(True)

    ((status, dispute, held, *_),) = ends
    assert (status, dispute, held) == ("refunded", outcome, "on_hold")


def test_an_expired_order_closes_its_page_and_releases_its_stock(stripe):
    order = make_order()
    payment = start(order)
    Order.objects.update(payment_due_at=NOON)

    tasks.expire_unpaid()
    stripe.pay(payment.pay_url)

    (session,) = stripe.things("checkout.session")
    assert (session["status"], stripe.things("payment_intent")) == ("expired", [])
    assert Order.objects.get().status == "expired"
    assert Reservation.objects.get().status == "expired"


# Daily runs drop the answer of each call, and try each fault on captures only.
FAULTS = [
    pytest.param(
        path, kind, marks=() if kind == "drop_after" or path == "/capture" else pytest.mark.full
    )
    for path in ["sessions$", "/capture", "POST /v1/refunds", "/cancel"]
    for kind in ["drop_after", "drop_before", "500", "garbage", "breakdown"]
]


@pytest.mark.parametrize(("path", "kind"), FAULTS)
def test_a_fault_of_any_call_leaves_the_right_amounts(stripe, path, kind):
    stripe.fault(kind, path=path)
    listings = two_sellables()
    order = make_order(*listings)
    payment = None
    for _ in range(3):
        with suppress(ExternalServiceError):  # the shopper clicks again
            payment = start(order)
    stripe.pay(payment.pay_url)
    updates.refresh(payment=payment, now=NOON)
    made = submission.create_purchase_orders(order=Order.objects.get(), now=NOON)
    if path == "/cancel":
        for purchase_order in made:
            refuse(payment, purchase_order)
    else:
        for purchase_order in made:
            accept(purchase_order)
        with transaction.atomic():
            ledger.request_refund(payment, amount=made[0].charge, purpose="a", at=NOON)

    for _ in range(4):
        with suppress(TemporaryError):  # the next sweep retries
            settle()

    whole = str(payment.amount)
    expected = [whole, "0.00", whole, "0.00"]
    if path != "/cancel":
        expected = [whole, whole, "0.00", str(made[0].customer_charge_amount)]
    assert sums(payment) == expected
    assert len(stripe.things("refund")) == (path != "/cancel")
    assert captures.due_requests(now=NOON) == []


@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize("path", ["/capture", "POST /v1/refunds"])
def test_a_request_is_not_repeated_after_stripe_forgets_its_key(stripe, path, many):
    payment, made = buy(stripe, *two_sellables(), many=many)
    for purchase_order in reversed(made):  # the smaller part first: it could be captured twice
        accept(purchase_order)
    with transaction.atomic():
        ledger.request_refund(payment, amount=made[1].charge, purpose="a", at=NOON)
    stripe.fault("drop_after", path=path)
    with pytest.raises(TemporaryError):
        settle()

    stripe.control("forget", {})
    settle()

    whole = str(payment.amount)
    assert sums(payment) == [whole, whole, "0.00", str(made[1].customer_charge_amount)]
    assert stripe.intent["amount_received"] == payment.total.minor
    assert len(stripe.things("refund")) == 1
    assert violated(PAYMENTS) == []


def test_a_payment_voided_at_stripe_before_our_first_update_has_failed(stripe):
    order = make_order()
    payment = start(order)
    stripe.pay(payment.pay_url)
    stripe.call(f"payment_intents/{stripe.intent['id']}/cancel", {})

    updates.refresh(payment=payment, now=NOON)
    again = start(order)

    assert (payment.status, Order.objects.get().status) == ("failed", "pending_payment")
    assert again.reference != payment.reference
