"""Stateful test base: check the shop's invariants after each step."""

from decimal import Decimal

from django.db.models import F, Sum
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant

from orders.models import OrderLine, Payment, PurchaseLine, PurchaseOrder
from storefront.dashboard.invariants.listings import LISTINGS
from storefront.dashboard.invariants.payments import PAYMENTS
from storefront.dashboard.invariants.purchase_orders import PURCHASE_ORDERS
from storefront.dashboard.invariants.registry import INVARIANTS, _check
from storefront.dashboard.invariants.returns import RETURNS
from storefront.dashboard.invariants.stock import STOCK
from suppliers.models import StockLevel
from tests.factories.suppliers import NOON

UNITS = 4  # of each light
STEP_INVARIANTS = (*STOCK, *PAYMENTS, *PURCHASE_ORDERS, *RETURNS)
# Listings are not published in these tests, so their invariants are left out.
PERIODIC_INVARIANTS = [one for one in INVARIANTS if one not in LISTINGS]


def steps(examples):
    """Return the settings of a state machine that tries ``examples`` sequences of 25 steps."""
    return settings(
        max_examples=examples,
        stateful_step_count=25,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


class InvariantChecks(RuleBasedStateMachine):
    """A state machine that is checked after each step.

    Its first step opens ``test_transaction``; its ``supplier`` is a ``ScriptedSupplier``.
    """

    @invariant()
    def invariants_hold(self):
        if hasattr(self, "test_transaction"):
            self.assert_invariants(STEP_INVARIANTS)

    @invariant()
    def stock_is_not_oversold(self):
        if not hasattr(self, "test_transaction"):
            return
        for level in StockLevel.objects.all():
            assert level.reserved + level.allocated_outstanding <= UNITS
        lines = OrderLine.objects.exclude(order__status__in=["expired", "canceled"])
        unpaid = lines.filter(order__status="pending_payment")
        held = dict(unpaid.values_list("level").annotate(units=Sum("quantity")))
        live = PurchaseLine.objects.filter(is_active=True)
        sold = dict(
            live.values_list("level").annotate(
                units=Sum(F("quantity") - F("order_line__canceled_quantity"))
            )
        )
        for level in {*held, *sold}:
            assert held.get(level, 0) + sold.get(level, 0) <= UNITS

    @invariant()
    def no_order_is_submitted_twice(self):
        if hasattr(self, "test_transaction"):
            assert len(self.supplier.effects) == len(set(self.supplier.effects))

    @invariant()
    def payment_totals_match(self):
        if not hasattr(self, "test_transaction"):
            return
        for payment in Payment.objects.all():
            taken, given = payment.captured_amount, payment.refunded_amount
            assert 0 <= given <= taken <= payment.authorized_amount
            assert taken + payment.voided_amount <= payment.authorized_amount
            worth = PurchaseOrder.objects.filter(
                order=payment.order, accepted_at__isnull=False
            ).aggregate(total=Sum("customer_charge_amount"))["total"] or Decimal(0)
            assert taken <= worth

    @staticmethod
    def assert_invariants(invariants):
        """Check the invariants at ``NOON``: no workers run, so later rows would be overdue."""
        assert [one for one in (_check(each, NOON) for each in invariants) if one.count] == []

    @staticmethod
    def pick(rows, which):
        """Choose one of the rows, or None if there is none."""
        rows = list(rows.order_by("pk").distinct())
        return rows[which % len(rows)] if rows else None
