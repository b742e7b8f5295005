"""Chained replacements: at any depth, refunds are of the payment of the first order."""

from decimal import Decimal

import pytest
from django.db import connection

from orders.cancellation import cancellation
from orders.models import Payment, PaymentEvent
from orders.purchasing import acknowledgements, submission
from orders.returns import refund_amounts
from orders.returns.eligibility import CannotReturnError
from storefront.lib.state_machine import InvalidTransitionError
from tests.factories.backorders import reroute_due
from tests.factories.returns import (
    bring_back,
    declare,
    deliver_order,
    exchange,
    make_delivered,
    make_sibling,
    pay,
    requested_refunds,
    return_units,
    violated_return_invariants,
)
from tests.factories.shipping import make_state
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db

FULL = pytest.mark.full
DEPTHS = pytest.mark.parametrize("depth", [2, pytest.param(3, marks=FULL)])
ALL_DEPTHS = pytest.mark.parametrize("depth", [1, pytest.param(2, marks=FULL), 3])
CENT = Decimal("0.01")


def replaced(order, units):
    """Let a customer return defective units; return the RMA and its replacement order."""
    made = return_units(order, units)
    return made, exchange(made)


def chained(light, *, depth, units=3):
    """Replace all units ``depth`` times; return all RMAs and the last replacement order."""
    order = make_delivered(light, quantity=units)
    order.lines.update(discount_amount=CENT)  # 99.98 does not divide by three
    returns = []
    for _ in range(depth):
        made, order = replaced(deliver_order(order) if returns else order, units)
        returns.append(made)
    return returns, order


def withdrawn(order, units):
    """Withdraw as staff, who may ignore the deadline."""
    made = declare(order, units, kind="withdrawal", ignore_deadlines=True)
    bring_back(made)
    pay(made)
    return made


def read(returns):
    for each in returns:
        each.refresh_from_db()
    return returns


def whole(first):
    """Return the amount paid for items and shipping."""
    return first.order.lines.get().customer_charge_amount + first.delivery_amount


def assert_refunded_to_first(first):
    events = PaymentEvent.objects.filter(kind="refund_requested")
    assert {one.payment.order for one in events} == {first.order}
    assert sum(requested_refunds()) == first.refund_amount == first.due_amount
    assert violated_return_invariants() == []


@pytest.mark.parametrize("depth", [3, pytest.param(6, marks=FULL)])
def test_withdrawing_from_the_last_replacement_refunds_all(light, depth):
    returns, last = chained(light, depth=depth)

    made = withdrawn(deliver_order(last), 3)

    first, *between = read(returns)
    assert [(one.status, one.refund_amount) for one in (*between, made)] == [
        ("refunded", Decimal(0))
    ] * depth
    assert first.delivery_amount > 0
    assert requested_refunds() == [Decimal("99.98") + first.delivery_amount]
    assert_refunded_to_first(first)


@ALL_DEPTHS
def test_withdrawing_unit_by_unit_refunds_each_to_the_cent(light, depth):
    returns, last = chained(light, depth=depth)
    last = deliver_order(last)

    for paid in (1, 2, 3):
        withdrawn(last, 1)
        assert_refunded_to_first(read(returns)[0])
        assert len(requested_refunds()) == paid

    first = returns[0]
    assert requested_refunds() == [
        Decimal("33.33"),
        Decimal("33.32"),
        Decimal("33.33") + first.delivery_amount,
    ]
    assert sum(requested_refunds()) == whole(first)


@DEPTHS
def test_lines_rejected_of_the_last_replacement_are_refunded(light, depth):
    returns, last = chained(light, depth=depth)
    (purchase_order,) = submission.create_purchase_orders(order=last, now=NOON)
    purchase_order.move("ready", at=NOON)
    for status in ("submitting", "submitted"):
        purchase_order.move(status, at=NOON, status_field="submission_status")

    state = make_state(purchase_order, "rejected")
    acknowledgements.apply(purchase_order=purchase_order, state=state, now=NOON)
    reroute_due()
    last.refresh_from_db()
    assert last.status == "canceled"
    pay(read(returns)[-1])

    first = read(returns)[0]
    assert requested_refunds() == [whole(first)]
    assert_refunded_to_first(first)
    for each in returns:
        with pytest.raises(InvalidTransitionError):
            pay(each)


@DEPTHS
def test_rejected_and_returned_units_are_refunded_in_turn(light, depth):
    returns, last = chained(light, depth=depth)
    last = deliver_order(last, units=1)
    last.lines.update(canceled_quantity=2)

    pay(read(returns)[-1])
    assert requested_refunds() == [Decimal("66.65")]
    assert_refunded_to_first(read(returns)[0])
    withdrawn(last, 1)

    first = read(returns)[0]
    assert requested_refunds() == [Decimal("66.65"), Decimal("33.33") + first.delivery_amount]
    assert_refunded_to_first(first)


def test_units_at_different_depths_sum_to_the_whole(light):
    (first,), second = chained(light, depth=1)
    second = deliver_order(second)
    _, third = replaced(second, 1)
    again, fourth = replaced(second, 1)
    fifth_for, fifth = replaced(deliver_order(fourth), 1)

    withdrawn(deliver_order(third), 1)
    withdrawn(second, 1)
    cancellation.cancel(order=fifth, reason="sold out", actor="ann", now=NOON)
    pay(fifth_for)

    read([first, again])
    assert again.status == "refunded"
    assert requested_refunds() == [
        Decimal("33.33"),
        Decimal("33.32"),
        Decimal("33.33") + first.delivery_amount,
    ]
    assert_refunded_to_first(first)


def test_a_price_difference_is_not_refunded_twice(light):
    order = make_delivered(light, quantity=2)
    (line,) = order.lines.all()
    other = make_sibling(light, "30.00", quantity=40)
    first = return_units(order, 2, kind="withdrawal", wanted={line.pk: other.variant.pk})
    _, third = replaced(deliver_order(exchange(first, other)), 2)

    withdrawn(deliver_order(third), 2)

    first.refresh_from_db()
    assert requested_refunds() == [Decimal("6.66"), Decimal("60.00") + first.delivery_amount]
    assert sum(requested_refunds()) == order.total_amount
    assert violated_return_invariants() == []


@ALL_DEPTHS
def test_refunds_are_capped_by_the_payment(light, depth):
    returns, last = chained(light, depth=depth)
    event = PaymentEvent.objects.get(kind="capture_requested")
    PaymentEvent.objects.filter(pk=event.pk).update(amount=Decimal("43.33"))
    last = deliver_order(last)

    withdrawn(last, 1)
    withdrawn(last, 2)

    first = read(returns)[0]
    assert requested_refunds() == [Decimal("33.33"), Decimal("10.00")]
    assert (first.due_amount, first.refund_amount) == (whole(first), Decimal("43.33"))
    assert violated_return_invariants() == []


@DEPTHS
def test_a_chargeback_of_the_first_order_blocks_a_refund_of_the_last(light, depth):
    _, last = chained(light, depth=depth)
    Payment.objects.update(dispute_status="lost", dispute_status_since=NOON)

    with pytest.raises(CannotReturnError, match="bank"):
        withdrawn(deliver_order(last), 1)

    assert requested_refunds() == []


def test_undecided_units_in_between_block_the_refund(light):
    (first,), second = chained(light, depth=1)
    second = deliver_order(second, units=2)
    made, third = replaced(second, 1)
    third = deliver_order(third)
    again = return_units(third, 1)

    with pytest.raises(CannotReturnError, match="still fail"):
        pay(again)

    assert [one.status for one in read([first, made, again])] == [
        "exchanged",
        "exchanged",
        "inspected",
    ]
    second.lines.update(canceled_quantity=1)
    assert refund_amounts.has_failed_replacement(first)
    pay(again)
    first.refresh_from_db()
    assert (requested_refunds(), first.refund_amount) == ([Decimal("66.65")], Decimal("66.65"))
    assert violated_return_invariants() == []


def test_the_invariant_finds_a_missing_refund(light):
    _, last = chained(light, depth=3)
    last = deliver_order(last)
    withdrawn(last, 1)
    made = withdrawn(last, 1)
    assert violated_return_invariants() == []

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
    PaymentEvent.objects.filter(external_id__endswith=f":return:{made.number}").delete()

    assert violated_return_invariants() == ["returns.refunded_once"]
