"""Order comparison: captured money against order values and purchase orders."""

from datetime import timedelta
from decimal import Decimal

import pytest

from orders.accounting.reconciliation import labels, reconciliation, resolution
from orders.accounting.reconciliation.discrepancies import ComparisonResult
from orders.models import (
    CanceledShipmentDecision,
    Discrepancy,
    DiscrepancyObservation,
    Order,
    Payment,
    PurchaseOrder,
    ReconciliationRun,
)
from storefront.lib.http.errors import TemporaryError
from storefront.lib.state_machine import InvalidTransitionError, StatusChange
from tests.factories.orders import make_purchase_orders
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(days=2)
DAY = NOON.date()


@pytest.fixture(autouse=True)
def no_gateway(monkeypatch):
    """Compare no gateways: only discrepancies of orders remain."""
    monkeypatch.setattr(reconciliation, "_gateways", lambda _day: [])


def compare(day=DAY, now=LATER):
    return reconciliation.reconcile(day=reconciliation.run_of(day, now=now), clock=lambda: now)


def found(status="open"):
    rows = Discrepancy.objects.filter(status=status).order_by("pk")
    return [(row.kind, row.expected_amount, row.found_amount) for row in rows]


def due(now=LATER):
    return [run.day for run in reconciliation.due_runs(now=now)]


def bought(*, status="shipped", captured=None, refunded=0):
    """Make a purchase order with this fulfillment status, and set the amounts of its payment."""
    (purchase_order,) = make_purchase_orders()
    PurchaseOrder.objects.update(
        status=status, submission_status="accepted", accepted_at=NOON, status_since=NOON
    )
    Order.objects.update(status_since=NOON)
    amount = purchase_order.order.total_amount if captured is None else Decimal(captured)
    Payment.objects.update(captured_amount=amount, refunded_amount=refunded)
    return purchase_order


def test_a_shipped_and_captured_order_agrees():
    bought()

    assert compare().status == "reconciled"
    assert found() == []


def test_a_shipped_order_that_was_not_captured_is_a_discrepancy():
    purchase_order = bought(captured="5.00")
    PurchaseOrder.objects.update(status_since=LATER - timedelta(minutes=5))
    compare()
    assert found() == []  # the capture of a recent shipment may be under way
    PurchaseOrder.objects.update(status_since=NOON)

    compare()

    assert found() == [("not_captured", purchase_order.customer_charge_amount, Decimal("5.00"))]
    row = Discrepancy.objects.get()
    assert row.purchase_order == purchase_order
    assert "retry it" in labels.advice(row)


def test_a_captured_order_with_only_canceled_purchase_orders_is_a_discrepancy():
    purchase_order = bought(status="canceled")

    for since in (NOON, LATER - timedelta(minutes=5)):  # the last status change is old or recent
        Order.objects.update(status_since=since)
        compare()

        assert found() == [("nothing_ordered", None, purchase_order.order.total_amount)]


@pytest.mark.parametrize("settled", ["refunded", "refunding", "kept and paid"])
def test_a_refund_or_a_paid_canceled_shipment_is_no_discrepancy(settled):
    purchase_order = bought(status="canceled")
    payment = Payment.objects.get()
    if settled == "refunded":
        Payment.objects.update(refunded_amount=payment.captured_amount)
    elif settled == "refunding":
        payment.events.create(
            gateway="fake",
            external_id="refund:1",
            kind="refund_requested",
            amount=payment.captured_amount,
            occurred_at=LATER,
            received_at=LATER - timedelta(minutes=5),
        )
    else:
        CanceledShipmentDecision.objects.create(
            purchase_order=purchase_order,
            outcome="kept_paid",
            reason="the customer likes it",
            was_shipped=True,
            decided_by="zumrud",
            decided_at=NOON,
        )

    compare()

    assert found() == []


def test_a_capture_above_the_order_total_is_a_discrepancy():
    purchase_order = bought()
    total = purchase_order.order.total_amount
    Payment.objects.update(authorized_amount=total + 1, captured_amount=total + 1, amount=total + 1)

    compare()

    assert found() == [("over_captured", total, total + 1)]


def test_an_order_paid_twice_is_a_discrepancy():
    purchase_order = bought()
    first = Payment.objects.get()
    Payment.objects.update(status="refunded")  # so that a second payment may be open
    Payment.objects.create(
        order=purchase_order.order,
        gateway="fake",
        key="pay:again",
        reference="again",
        currency=first.currency,
        amount=first.amount,
        authorized_amount=first.amount,
        captured_amount=first.amount,
        status="captured",
        status_since=NOON,
        created_at=NOON,
    )

    compare()

    assert found() == [("twice", first.amount, 2 * first.amount)]


def test_an_order_paid_in_another_currency_is_a_discrepancy():
    bought(status="in_progress")
    Payment.objects.update(currency="USD")

    compare()

    ((kind, _, _),) = found()
    row = Discrepancy.objects.get()
    assert (kind, row.currency, row.found_currency) == ("currency", "EUR", "USD")


def test_a_discrepancy_keeps_its_first_day_and_is_cleared():
    purchase_order = bought(captured=0)
    first = compare()
    found_first = [list(kind.objects.values()) for kind in (Discrepancy, DiscrepancyObservation)]
    again = compare()
    assert (first.attempts, again.attempts) == (1, 2)
    found_again = [list(kind.objects.values()) for kind in (Discrepancy, DiscrepancyObservation)]
    assert found_again == found_first
    next_day = DAY + timedelta(days=1)
    compare(next_day, LATER + timedelta(days=1))
    row = Discrepancy.objects.get()
    assert (row.first_day, row.last_day) == (DAY, next_day)
    assert row.observations.count() == 2
    Payment.objects.update(captured_amount=purchase_order.customer_charge_amount)

    compare(DAY + timedelta(days=2), LATER + timedelta(days=2))

    row.refresh_from_db()
    assert (row.status, row.first_day) == ("gone", DAY)
    Payment.objects.update(captured_amount=0)
    PurchaseOrder.objects.update(status_since=LATER)
    compare(LATER.date(), LATER + timedelta(days=3))
    row.refresh_from_db()
    assert (row.status, row.first_day) == ("open", DAY)


def test_a_closed_discrepancy_reopens_when_it_changes():
    bought(captured=0)
    compare()
    row = Discrepancy.objects.get()
    resolution.close_discrepancy(difference=row, reason="paid in cash", actor="zumrud", now=LATER)
    with pytest.raises(InvalidTransitionError):
        resolution.close_discrepancy(difference=row, reason="again", actor="zumrud", now=LATER)

    compare()
    assert found("settled") == [(row.kind, row.expected_amount, row.found_amount)]
    moves = StatusChange.objects.filter(subject="orders.Discrepancy").values_list("reason")
    assert list(moves) == [("paid in cash",)]
    Payment.objects.update(captured_amount=1)

    compare()

    row.refresh_from_db()
    assert (row.status, row.closed_by, row.close_reason) == ("open", "", "")


def test_a_day_that_has_not_ended_is_not_compared():
    day = reconciliation.run_of(DAY, now=NOON)

    with pytest.raises(reconciliation.DayNotOverError):
        reconciliation.reconcile(day=day, clock=lambda: day.ends_at + timedelta(hours=2))
    assert ReconciliationRun.objects.get().attempts == 0


def test_each_day_since_the_first_payment_is_due():
    assert due() == []
    bought()

    waiting = due()
    assert waiting == [DAY + timedelta(days=1), DAY]
    compare()

    assert due() == [DAY + timedelta(days=1)]
    long_after = due(NOON + timedelta(days=400))
    assert len(long_after) == len(waiting) - 1 + reconciliation.LOOKBACK.days


def test_a_gateway_that_is_down_keeps_the_day_open(monkeypatch):
    bought(captured=0)
    monkeypatch.setattr(reconciliation, "_gateways", lambda _day: ["fake"])
    troubles = [TemporaryError("no connection")]

    def down(**_):
        if troubles:
            raise troubles.pop()
        return ComparisonResult(findings=[], count=0)

    monkeypatch.setattr(reconciliation.gateway_comparison, "compare", down)

    day = compare()
    assert (day.status, day.problem) == ("open", "gateway:fake: no connection")
    assert len(found()) == 1  # the other comparisons are stored
    assert DAY in due()

    day = compare()
    assert (day.status, day.problem, day.attempts) == ("reconciled", "", 2)


def test_a_deferred_single_capture_is_not_missing():
    bought(captured="0.00")
    PurchaseOrder.objects.update(accepted_at=None)  # a supplier has not answered yet
    Payment.objects.update(capture_mode="single", capture_before=LATER + timedelta(days=3))

    compare()
    assert found() == []

    Payment.objects.update(capture_before=LATER + timedelta(hours=3))
    compare()
    assert len(found()) == 1


def test_a_failing_day_is_retried_less_often_until_staff_close_it():
    bought()
    day = reconciliation.run_of(DAY, now=LATER)
    ReconciliationRun.objects.filter(pk=day.pk).update(
        attempts=reconciliation.MAX_FREQUENT_ATTEMPTS, status_since=LATER
    )
    later = LATER + reconciliation.RARE_RETRY_AFTER

    assert DAY not in due(LATER + timedelta(hours=1))
    assert DAY in due(later)
    resolution.close_run(day=day, reason="the gateway was left", actor="zumrud", now=LATER)
    assert DAY not in due(later)
