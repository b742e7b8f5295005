"""Ledger: its amounts are consistent after any sequence of captures, refunds and disputes.

Each example is one order that the shop's own functions process. Hypothesis draws prices, rejections,
refunds and disputes.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import transaction
from django.db.models import F, Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.models import Listing
from orders import ledger
from orders.checkout import checkout
from orders.gateways import gateway_for
from orders.models import Order, Payment, PaymentEvent, Promotion, PurchaseOrder
from orders.payments import captures, refunds, sessions, updates
from orders.purchasing import submission
from storefront.dashboard.invariants.payments import PAYMENTS
from storefront.lib.money import Money
from suppliers.connectors.records import OutOfStockError
from suppliers.models import StockLevel
from tests.factories.orders import HOME, make_cart, make_payment_update, make_sellable, quote_for
from tests.factories.promotions import make_promotion
from tests.factories.scripted_supplier import connect_without_holds
from tests.factories.suppliers import NOON, make_location
from tests.support.invariants import violated

pytestmark = pytest.mark.django_db
MANY = settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
CENTS = st.integers(1, 30_000)
PRICES = st.integers(1_000, 30_000)
GOODS = st.lists(st.tuples(PRICES, st.integers(1, 3), st.booleans()), min_size=1, max_size=3)
ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(
            ["refund", "settle", "fail_refund", "disputed", "dispute_ends", "fraud_warning"]
        ),
        st.integers(1, 100),
    ),
    max_size=8,
)
CUSTOMERS = iter(range(1, 1_000_000))


@pytest.fixture
def supplier(monkeypatch):
    monkeypatch.setattr("suppliers.sync.live_check.unsellable_levels", lambda **_: set())
    return connect_without_holds(monkeypatch)


def euros(cents):
    return Decimal(cents) / 100


@contextmanager
def rolled_back_example():
    """Roll back one example, so that the next example starts with the same rows.

    A failed statement aborts only its example.
    """
    whole = transaction.atomic()
    whole._from_testcase = True  # allows a durable block, as in the test's own transaction
    with whole:
        yield
        transaction.set_rollback(True)


def bought(goods, *, way, percent):
    """Place and pay an order; each item is at one of two locations."""
    Promotion.objects.update(is_active=False)
    if percent:
        make_promotion(percent=Decimal(percent) / 100)
    made = []
    for cents, quantity, is_far in goods:
        listing = make_sellable(price=str(euros(cents)), cost="0.01", quantity=9)
        Listing.objects.filter(pk=listing.pk).update(floor_amount=0)
        if is_far:
            far = make_location(code="CN", country="CN")
            StockLevel.objects.filter(pk=listing.level.pk).update(location=far)
        made.append((listing, quantity))
    cart = make_cart(channel=made[0][0].channel)
    for listing, quantity in made:
        checkout.carts.add(cart=cart, listing_id=listing.pk, quantity=quantity, now=NOON)
    quote = quote_for(cart, price=str(euros(way)))
    email = f"{next(CUSTOMERS)}@example.org"
    order = checkout.place(cart=cart, email=email, ship_to=HOME, quote=quote, now=NOON).order
    payment = sessions.open_session(order=order, return_url="http://127.0.0.1/", now=NOON)
    gateway_for("fake").authorize(payment.reference)
    return order, updates.refresh(payment=payment, now=NOON)


def settle(payment):
    """Execute pending requests at the gateway, as a worker does."""
    for _ in range(40):
        payment.refresh_from_db()
        if captures.next_operation(payment, now=NOON) is None:
            return
        captures.execute(payment=payment, now=NOON)
    raise AssertionError("requests remain after 40 runs")


def order_value(order):
    """Compute the total of an order from its lines and shipping charges."""
    lines = order.lines.aggregate(
        goods=Sum("line_amount"), off=Sum("discount_amount"), added=Sum("additional_tax_amount")
    )
    ways = sum((Decimal(parcel["amount"]) for parcel in order.delivery_plan), Decimal(0))
    return lines["goods"] - lines["off"] + lines["added"] + ways


def net_captured(payment):
    sums: dict[str, Decimal] = {}
    for kind, amount in payment.events.values_list("kind", "amount"):
        sums[kind] = sums.get(kind, Decimal(0)) + amount
    taken = sums.get("captured", Decimal(0))
    return taken - sums.get("refunded", Decimal(0)) + sums.get("refund_failed", Decimal(0))


def assert_totals_match(payment):
    payment.refresh_from_db()
    assert 0 <= payment.refunded_amount <= payment.captured_amount <= payment.authorized_amount
    assert payment.captured_amount + payment.voided_amount <= payment.authorized_amount
    assert net_captured(payment) == payment.captured_amount - payment.refunded_amount
    assert ledger.refundable_amount(payment).amount >= 0


def act(payment, what, percent, *, is_won):
    left = ledger.refundable_amount(payment)
    if what == "settle":
        settle(payment)
    elif what == "refund" and left and payment.captured_amount:
        amount = Money(left.amount * percent / 100, left.currency).rounded()
        if amount:
            key = f"k{payment.events.count()}"
            refunds.refund(
                order=payment.order, amount=amount, reason="x", actor="ann", now=NOON, key=key
            )
    elif what == "fail_refund":
        for update in failed_refund(payment):
            updates.apply(update=update, gateway="fake", now=NOON)
    elif what in {"disputed", "dispute_ends", "fraud_warning"}:
        # All disputes of a payment have one result here: contradictions are tested elsewhere.
        end = "dispute_won" if is_won else "dispute_lost"
        what = end if what == "dispute_ends" else what
        amount = payment.captured_amount or payment.amount
        update = make_payment_update(
            payment, what, amount=amount, external_id=f"{what}:{payment.pk}:{percent}"
        )
        for _ in range(2):
            updates.apply(update=update, gateway="fake", now=NOON)


def failed_refund(payment) -> Iterator[object]:
    """Yield the failure of the last refund that succeeded, if any."""
    failed = payment.events.filter(kind="refund_failed").values_list("external_id", flat=True)
    arrived = payment.events.filter(kind="refunded").order_by("-pk")
    for event in arrived:
        if f"{event.external_id}:failed" not in failed:
            failure = make_payment_update(
                payment,
                "refund_failed",
                amount=event.amount,
                external_id=f"{event.external_id}:failed",
                request_key=event.answers.external_id if event.answers else "",
            )
            yield replace(failure, about=event.external_id)
            return


@MANY
@given(
    goods=GOODS,
    way=st.integers(0, 3_000),
    percent=st.integers(0, 60),
    answers=st.lists(st.booleans(), min_size=2, max_size=2),
    actions=ACTIONS,
    is_won=st.booleans(),
)
@rolled_back_example()
def test_captures_match_acceptances_and_nothing_is_refunded_twice(
    supplier, *, goods, way, percent, answers, actions, is_won
):
    order, payment = bought(goods, way=way, percent=percent)
    assert order.total_amount == order_value(order)

    made = submission.create_purchase_orders(order=order, now=NOON)
    assert sum(each.customer_charge_amount for each in made) == order.total_amount
    for purchase_order, is_accepted in zip(made, answers, strict=False):
        supplier.script = [] if is_accepted else [OutOfStockError("none left")]
        rows = PurchaseOrder.objects.select_related("order", "supplier", "location")
        submission.submit(purchase_order=rows.get(pk=purchase_order.pk), now=NOON)
        assert_totals_match(payment)
    settle(payment)
    accepted = PurchaseOrder.objects.filter(order=order, accepted_at__isnull=False)
    worth = sum(accepted.values_list("customer_charge_amount", flat=True), Decimal(0))
    assert_totals_match(payment)
    assert payment.captured_amount == worth
    if all(answers[: len(made)]):
        assert payment.captured_amount == order_value(order)

    for what, share in actions:
        act(payment, what, share, is_won=is_won)
        assert_totals_match(payment)
    settle(payment)
    assert_totals_match(payment)
    assert payment.captured_amount == worth
    assert violated(PAYMENTS) == []


UPDATES = st.lists(
    st.tuples(st.sampled_from(["captured", "voided", "refunded"]), CENTS),
    min_size=1,
    max_size=6,
)


@MANY
@given(UPDATES, st.randoms(use_true_random=False), st.booleans())
@rolled_back_example()
def test_events_end_in_the_same_state_in_any_order(supplier, drawn, chance, is_disputed):
    order, payment = bought([(30_000, 3, False)], way=490, percent=0)
    left, taken, sequence = payment.authorized_amount, Decimal(0), []
    for place, (what, cents) in enumerate(drawn):
        room = taken if what == "refunded" else left
        amount = min(euros(cents), room)
        if not amount:
            continue
        taken += {"captured": amount, "refunded": -amount}.get(what, Decimal(0))
        left -= 0 if what == "refunded" else amount
        sequence.append(
            make_payment_update(payment, what, amount=amount, external_id=f"{payment.pk}:{place}")
        )
    if is_disputed:
        sequence.append(make_payment_update(payment, "disputed", external_id=f"{payment.pk}:d"))
    waiting = [*sequence, *sequence]
    chance.shuffle(waiting)

    while waiting:
        later = []
        for update in waiting:
            try:
                updates.apply(update=update, gateway="fake", now=NOON)
            except updates.TooEarlyError:
                later.append(update)
            assert_totals_match(payment)
        assert len(later) < len(waiting), "no remaining update can be applied"
        waiting = later

    assert payment.captured_amount - payment.refunded_amount == taken
    assert payment.open_amount.amount == left
    assert Payment.objects.filter(pk=payment.pk, captured_amount__gte=F("refunded_amount")).exists()
    kinds = PaymentEvent.objects.filter(payment=payment, kind="disputed").count()
    assert kinds == int(is_disputed)
    assert Order.objects.get(pk=order.pk).total_amount == order_value(order)
