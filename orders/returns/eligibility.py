"""Return eligibility: count returnable units, compute deadlines, choose the return address.

The withdrawal period starts on the day after the last item arrived. If it ends on a Saturday or
Sunday, it ends on the next Monday. Days are UTC days: where we sell in the EU, local midnight is
never later. Functions for customers' returns refuse with ``CannotReturnError``.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import F, Q

from orders.models import (
    Order,
    OrderLine,
    PurchaseLine,
    PurchaseOrder,
    ReturnAuthorization,
    ReturnPolicy,
)
from suppliers.models import Supplier

Destination = ReturnPolicy.Destination


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """Where goods go, and who pays for it."""

    destination: ReturnPolicy.Destination
    address: str
    label_payer: ReturnPolicy.Payer


def policy_of(supplier: Supplier) -> ReturnPolicy:
    """Return the policy of a supplier, or that of all others, or the defaults."""
    rows = ReturnPolicy.objects.filter(Q(supplier=supplier) | Q(supplier=None))
    own_first = rows.order_by(F("supplier").asc(nulls_last=True))
    return own_first.first() or ReturnPolicy(supplier=supplier)


def way_of(supplier: Supplier, *, worth: Decimal, is_our_fault: bool) -> Way:
    """Choose where goods go that a shopper paid so much for.

    What is broken or wrong comes back at our cost, whoever pays otherwise.
    """
    policy = policy_of(supplier)
    destination = Destination(policy.destination)
    if worth < policy.keep_below_amount:
        destination = Destination.NOWHERE
    address = "" if destination == Destination.NOWHERE else policy.address
    payer = ReturnPolicy.Payer.US if is_our_fault else ReturnPolicy.Payer(policy.label_payer)
    return Way(destination=destination, address=address, label_payer=payer)


class CannotReturnError(Exception):
    """The words say why; nothing is written."""


# Deadlines

WITHDRAWAL = timedelta(days=14)  # the law's; more is the shop's to give
SEND_WITHIN = timedelta(days=14)
SEND_PATIENCE = timedelta(days=14)  # who sends later than asked loses nothing at once
UNHEARD = timedelta(days=14)  # after what was promised: a carrier may never say "delivered"
LONGEST = timedelta(days=365)  # and somebody has withdrawn by then, whatever was heard
WARRANTY_MONTHS = 24  # the law's; a maker may give more, and never less
NEVER_SENT = timedelta(days=90)  # of what never arrived, and nobody sent back
SATURDAY = 5


def withdraw_until(arrived_at: datetime) -> date:
    """Return the last day on which somebody may withdraw."""
    return _working_day(arrived_at.date() + WITHDRAWAL)


def warranty_until(arrived_at: datetime, *, months: int | None = None) -> date:
    """Return the last day of the warranty: the law's, or of so many months where that is longer."""
    return months_after(arrived_at.date(), max(WARRANTY_MONTHS, months or 0))


def months_after(day: date, months: int) -> date:
    """Return the same day so many months later, or the last of that month: it may have fewer."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def is_window_over(last_day: date | None, now: datetime) -> bool:
    """Test whether a last day is behind us; what has not arrived has none."""
    return last_day is not None and now.date() > last_day


def _working_day(day: date) -> date:
    return day + timedelta(days=max(0, 7 - day.weekday())) if day.weekday() >= SATURDAY else day


# Returnable units: shipped, and in no return that stands

Kind = ReturnAuthorization.Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Returnable:
    """How many units of each line, by its id.

    Shape:  ``withdraw_until`` is None while not all of it has arrived: the time has not begun
    """

    purchase_lines: Mapping[int, PurchaseLine]  # with purchase order and order line
    withdrawable: Mapping[int, int]
    complainable: Mapping[int, int]
    withdraw_until: date | None
    is_withdrawal_over: bool

    def of(self, kind: str) -> Mapping[int, int]:
        return self.withdrawable if kind == Kind.WITHDRAWAL else self.complainable

    def warranty_months(self, sold: OrderLine) -> int:
        """How long what is broken or wrong can be given back."""
        return warranty_months(sold)

    @property
    def lines(self) -> list[OrderLine]:
        """The lines of which something may be given back, for whichever reason."""
        return [
            line.order_line
            for key, line in self.purchase_lines.items()
            if self.withdrawable.get(key) or self.complainable.get(key)
        ]


def look(*, order: Order, now: datetime, is_late_fine: bool = False) -> Returnable:
    """Count what may be given back now; ``is_late_fine`` counts it whenever it arrived.

    To withdraw from, units must have left: before that they are canceled. To complain of, they
    must be there; of what left, and of which no carrier says more, staff take it at once, and the
    shop long after it was promised.
    """
    lines = (
        PurchaseLine.objects.filter(purchase_order__order=order, is_live=True)
        .select_related(
            "purchase_order__supplier", "order_line__order", "order_line__variant__product__spec"
        )
        .order_by("order_line")
    )
    by_line = {line.order_line_id: line for line in lines}
    arrived = [_arrived_at(line.purchase_order) for line in by_line.values()]
    known = [moment for moment in arrived if moment is not None]
    until = withdraw_until(max(known)) if known and len(known) == len(arrived) else None
    is_over = is_window_over(until, now) or _was_decided(order)
    promised = order.arrives_to or (order.placed_at + LONGEST).date()
    is_over = is_over or now.date() > promised + UNHEARD + LONGEST
    is_unheard = now.date() > promised + UNHEARD
    withdrawable, complainable = {}, {}
    for key, line in by_line.items():
        sold = line.order_line
        at = _arrived_at(line.purchase_order)
        months = warranty_months(sold)
        is_old = at is not None and is_window_over(warranty_until(at, months=months), now)
        if not is_over or is_late_fine:
            withdrawable[key] = sold.shipped_quantity - sold.returning_quantity
        if not is_old or is_late_fine:
            is_here = at is None and (is_unheard or is_late_fine)
            there = sold.shipped_quantity if is_here else sold.delivered_quantity
            complainable[key] = max(0, there - sold.returning_quantity)
    return Returnable(
        purchase_lines=by_line,
        withdrawable={key: most for key, most in withdrawable.items() if most > 0},
        complainable={key: most for key, most in complainable.items() if most > 0},
        withdraw_until=until,
        is_withdrawal_over=is_over,
    )


def warranty_months(sold: OrderLine) -> int:
    """Return what holds of a line: what its maker gave when it was sold, or more that he gives now.

    The two years of the law hold at least.
    """
    said = (sold.warranty_months, sold.variant.product.warranty_months)
    return max(WARRANTY_MONTHS, *(months or 0 for months in said))


def _was_decided(order: Order) -> bool:
    """Test whether it came as a replacement: withdrawn from, or not, when it was bought.

    What somebody took instead of his money is a new thing, of which he may think anew, once.
    """
    if not hasattr(order, "replaces"):
        return False
    first: ReturnAuthorization = order.replaces
    return not first.is_withdrawal or hasattr(first.order, "replaces")


def _arrived_at(purchase_order: PurchaseOrder) -> datetime | None:
    is_closed = purchase_order.status == PurchaseOrder.Status.CLOSED
    return purchase_order.status_since if is_closed else None
