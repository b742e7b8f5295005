"""Lost answers, unordered events and closed pages of Stripe all lead to the one correct state."""

from contextlib import suppress
from itertools import permutations

import pytest
from django.db import transaction

from orders import ledger
from orders.checkout import tasks
from orders.gateways import gateway_for
from orders.models import Order, Payment, PaymentEvent, Reservation
from orders.payments import captures, updates
from orders.purchasing import submission
from storefront.dashboard.invariants.payments import PAYMENTS
from storefront.lib.http.errors import ExternalServiceError, TemporaryError
from tests.factories.orders import make_order
from tests.factories.stripe_orders import (
    NOON,
    accept,
    buy,
    refuse,
    settle,
    start,
    sums,
    two_sellables,
)
from tests.support.invariants import violated

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("outcome", ["won", "lost"])
@pytest.mark.parametrize("step", [20, pytest.param(1, marks=pytest.mark.full)])
def test_news_of_each_stage_heard_in_any_order_and_twice_ends_in_one_state(stripe, outcome, step):
    order = make_order()
    payment = start(order)
    gateway, reference = gateway_for("stripe"), payment.reference
    stripe.pay(payment.pay_url)
    told = [gateway.history(reference=reference)]
    gateway.capture(reference=reference, amount=payment.total, key="x", is_last=True)
    told.append(gateway.history(reference=reference))
    gateway.refund(reference=reference, amount=payment.total, key="y")
    told.append(gateway.history(reference=reference))
    for status in ("needs_response", outcome):
        stripe.control("dispute", {"id": stripe.intent["id"], "status": status})
        told.append(gateway.history(reference=reference))
    ends = set()

    for stages in list(permutations(told))[::step]:
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


# Each day, each call loses its answer, and one call is disturbed in each way.
DISTURBED = [
    pytest.param(
        path, kind, marks=() if kind == "drop_after" or path == "/capture" else pytest.mark.full
    )
    for path in ["sessions$", "/capture", "POST /v1/refunds", "/cancel"]
    for kind in ["drop_after", "drop_before", "500", "garbage", "breakdown"]
]


@pytest.mark.parametrize(("path", "kind"), DISTURBED)
def test_a_lost_answer_at_any_call_ends_right(stripe, path, kind):
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
        with suppress(TemporaryError):  # the sweep comes again
            settle()

    whole = str(payment.amount)
    expected = [whole, "0.00", whole, "0.00"]
    if path != "/cancel":
        expected = [whole, whole, "0.00", str(made[0].customer_charge_amount)]
    assert sums(payment) == expected
    assert len(stripe.things("refund")) == (path != "/cancel")
    assert captures.due_requests(now=NOON) == []


def test_an_order_that_expires_closes_the_page_before_its_stock_is_given_back(stripe):
    order = make_order()
    payment = start(order)
    Order.objects.update(payment_due_at=NOON)

    tasks.expire_unpaid()
    stripe.pay(payment.pay_url)

    (session,) = stripe.things("checkout.session")
    assert (session["status"], stripe.things("payment_intent")) == ("expired", [])
    assert Order.objects.get().status == "expired"
    assert Reservation.objects.get().status == "expired"


def test_an_order_that_was_paid_in_the_last_moment_is_placed(stripe):
    order = make_order()
    stripe.pay(start(order).pay_url)
    Order.objects.update(payment_due_at=NOON)

    tasks.expire_unpaid()

    assert Order.objects.get().status == "placed"


def test_a_page_that_cannot_be_closed_leads_to_money_that_is_given_back(stripe):
    order = make_order()
    payment = start(order)
    Order.objects.update(payment_due_at=NOON - tasks.GATEWAY_GRACE)
    stripe.fault("drop_before", path="/expire")

    tasks.expire_unpaid()
    stripe.pay(payment.pay_url)
    updates.refresh(payment=payment, now=NOON)
    settle()

    assert Order.objects.get().status == "expired"
    assert stripe.intent["status"] == "canceled"
    assert PaymentEvent.objects.get(kind="voided").answers is not None


@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize("path", ["/capture", "POST /v1/refunds"])
def test_what_was_done_is_not_done_again_when_the_key_is_forgotten(stripe, path, many):
    payment, made = buy(stripe, *two_sellables(), many=many)
    for purchase_order in reversed(made):  # the small one first: it would fit twice
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


def test_what_staff_void_at_stripe_before_we_hear_of_it_is_a_try_that_failed(stripe):
    order = make_order()
    payment = start(order)
    stripe.pay(payment.pay_url)
    stripe.call(f"payment_intents/{stripe.intent['id']}/cancel", {})

    updates.refresh(payment=payment, now=NOON)
    again = start(order)

    assert (payment.status, Order.objects.get().status) == ("failed", "pending_payment")
    assert again.reference != payment.reference
