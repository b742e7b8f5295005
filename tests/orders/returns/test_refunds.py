from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orders.models import Order, ReturnLine
from orders.payments import refunds as payment_refunds
from orders.payments import staff_refunds
from orders.pricing.proration import prorate
from orders.returns import authorizations, refunds
from orders.returns.eligibility import CannotReturnError
from storefront.lib.money import Money
from storefront.lib.state_machine import InvalidTransitionError
from tests.factories.full_shop import settle
from tests.factories.orders import make_sellable
from tests.factories.returns import (
    bring_back,
    counters,
    declare,
    inspect,
    make_delivered,
    make_policy,
    mark_shipped,
    pay,
    receive,
    requested_refunds,
    violated_return_invariants,
)
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db


def paid_back(authorization, **inspected):
    bring_back(authorization, **inspected)
    pay(authorization)
    return authorization.refund_amount


@settings(suppress_health_check=[HealthCheck.too_slow])  # of a loaded machine
@given(
    charge=st.decimals(0, 9999, places=2),
    parts=st.lists(st.integers(1, 5), min_size=1, max_size=9),
    currency=st.sampled_from(["EUR", "JPY", "USD"]),
)
def test_all_parts_of_a_line_sum_to_its_charge(charge, parts, currency):
    whole = Money(charge, currency).rounded()
    given_back, before = [], 0
    for units in parts:
        given_back.append(prorate(whole, quantity=sum(parts), before=before, units=units))
        before += units

    assert Money.total(given_back, currency) == whole
    assert all(part.amount >= 0 for part in given_back)


def test_three_returns_sum_to_the_charge_and_the_last_refunds_shipping():
    order = make_delivered(make_sellable(price="33.33", quantity=9), quantity=3)
    order.lines.update(discount_amount="0.01")  # 99.98 does not divide by three

    amounts = [paid_back(declare(order, 1)) for _ in range(3)]

    assert amounts == [Decimal("33.33"), Decimal("33.32"), Decimal("33.33") + Decimal("4.91")]
    assert sum(requested_refunds()) == order.total_amount
    assert counters(order) == [(3, 3)]
    settle(order)
    done = Order.objects.with_progress().get(pk=order.pk)
    assert (done.payment_status, done.fulfillment_status) == ("refunded", "returned")


def test_only_accepted_units_are_refunded_without_shipping_and_the_others_stay_returnable():
    order = make_delivered(quantity=3)

    assert paid_back(declare(order, 3), accepted=2) == 2 * Decimal("39.99")

    assert counters(order) == [(2, 2)]
    done = Order.objects.with_progress().get(pk=order.pk)
    assert done.fulfillment_status == "partially_returned"


def test_accepted_and_received_units_are_limited():
    order = make_delivered(quantity=3)
    made = declare(order, 2)

    with pytest.raises(CannotReturnError):
        receive(made, came=3)
    receive(made, came=1)
    with pytest.raises(CannotReturnError):
        inspect(made, accepted=2)


def test_a_withdrawal_can_have_a_deduction_with_a_reason_and_is_refunded_once():
    order = make_delivered(quantity=1)
    made = declare(order, 1)
    receive(made)

    for deduction, reason in (("5.00", ""), ("40.00", "worn"), ("-1", "worn")):
        with pytest.raises(CannotReturnError):
            inspect(made, deduction=deduction, reason=reason)
    inspect(made, deduction="5.00", reason="worn", state="used")
    pay(made)

    assert made.refund_amount == Decimal("39.99") - 5 + Decimal("4.90")
    with pytest.raises(InvalidTransitionError):
        pay(made)
    assert requested_refunds() == [made.refund_amount]


def test_a_complaint_has_no_deduction():
    order = make_delivered(quantity=1)
    made = declare(order, 1, kind="defect")
    authorizations.approve(authorization=made, answer="", actor="ann", now=NOON)
    receive(made)

    with pytest.raises(CannotReturnError):
        inspect(made, deduction="1.00", reason="worn")


def refund_by_staff(order):
    money = Money(Decimal(10), "EUR")
    payment_refunds.refund(
        order=order, amount=money, reason="sorry", actor="ann", now=NOON, key="k"
    )


def refund_at_the_gateway(order):
    payment = order.payments.get()
    payment.events.create(
        kind="refunded", gateway=payment.gateway, external_id="by hand", amount=10,
        occurred_at=NOON, received_at=NOON,
    )  # fmt: skip


@pytest.mark.parametrize("refund", [refund_by_staff, refund_at_the_gateway])
def test_an_earlier_refund_is_not_repeated(refund):
    order = make_delivered(quantity=1)
    refund(order)
    made = declare(order, 1)

    paid_back(made)

    assert (made.due_amount, made.refund_amount) == (Decimal("44.89"), Decimal("34.89"))
    assert requested_refunds()[-1] == Decimal("34.89")


@pytest.mark.parametrize(
    ("units", "amount", "parts"),
    [
        (1, None, ["39.99", "0.00"]),  # the unit that staff did not refund comes first
        (2, None, ["0.00", "0.00"]),
        (1, "10.00", ["39.99", "29.99"]),
        (1, "55.00", ["39.99", "0.00"]),
    ],
)
def test_units_that_staff_refunded_by_item_are_not_refunded_again(units, amount, parts):
    order = make_delivered(make_sellable(quantity=9), make_sellable(quantity=9), quantity=2)
    staff_refunds.request(
        order=order,
        units={order.lines.order_by("pk")[0].pk: units},
        amount=Money(Decimal(amount), "EUR") if amount else None,
        limit=None,
        reason="scratched",
        key="1",
        actor="ann",
        now=NOON,
    )

    given_back = [paid_back(declare(order, 1, 0)) for _ in range(2)]

    assert given_back == [Decimal(part) for part in parts]
    assert not violated_return_invariants()


def test_nothing_is_refunded_before_receipt_or_proof_of_shipping():
    order = make_delivered(quantity=1)
    make_policy()
    made = declare(order, 1)

    with pytest.raises(CannotReturnError):
        pay(made)
    mark_shipped(made, "")
    with pytest.raises(CannotReturnError):
        pay(made)
    mark_shipped(made)
    pay(made)

    assert made.status == "refunded"


def test_a_kept_item_is_refunded_without_a_return():
    order = make_delivered(quantity=2)
    made = declare(order, 1, kind="damaged")

    refunds.refund_without_return(authorization=made, actor="ann", now=NOON)

    assert (made.status, made.destination) == ("refunded", "nowhere")
    assert made.refund_amount == Decimal("39.99")
    assert ReturnLine.objects.get().paid_amount == Decimal("39.99")


def test_without_accepted_units_the_return_is_rejected():
    order = make_delivered(quantity=1)
    made = declare(order, 1)
    bring_back(made, accepted=0, state="missing")

    with pytest.raises(CannotReturnError):
        pay(made)
    refunds.reject_received(authorization=made, answer="An empty box.", actor="ann", now=NOON)

    assert counters(order) == [(0, 0)]
    assert requested_refunds() == []
