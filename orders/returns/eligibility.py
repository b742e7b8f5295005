"""Return eligibility: count returnable units, compute deadlines, choose the return address.

The withdrawal period starts on the day after the last item arrived. If it ends on a Saturday or
Sunday, it ends on the next Monday. Days are UTC days, which never end earlier than
local days where we sell in the EU. Functions for customers' returns refuse with
``CannotReturnError``.
"""

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from orders.models import (
    Order,
    OrderLine,
    PurchaseLine,
    PurchaseOrder,
    ReturnAuthorization,
    ReturnLine,
    ReturnPolicy,
)
from suppliers.models import Supplier

Destination = ReturnPolicy.Destination


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnShipping:
    """Destination of a return, and who pays its shipping."""

    destination: ReturnPolicy.Destination
    address: str
    label_payer: ReturnPolicy.Payer


def find_policy(supplier: Supplier) -> ReturnPolicy:
    """Return the supplier's return policy, else the general one, else the defaults."""
    rows = ReturnPolicy.objects.filter(Q(supplier=supplier) | Q(supplier=None))
    own_first = rows.order_by(F("supplier").asc(nulls_last=True))
    return own_first.first() or ReturnPolicy(supplier=supplier)


def choose_shipping(supplier: Supplier, *, worth: Decimal, kind: str) -> ReturnShipping:
    """Return the destination for items of this value and who pays shipping.

    We pay for all but a withdrawal, whatever the policy. Items that never arrived go nowhere.
    """
    policy = find_policy(supplier)
    is_our_fault = kind != ReturnAuthorization.Kind.WITHDRAWAL
    destination = Destination(policy.destination)
    is_received = kind != ReturnAuthorization.Kind.NOT_RECEIVED
    if worth < policy.returnless_below_amount or not is_received:
        destination = Destination.NOWHERE
    address = "" if destination == Destination.NOWHERE else policy.address
    payer = ReturnPolicy.Payer.US if is_our_fault else ReturnPolicy.Payer(policy.label_payer)
    return ReturnShipping(destination=destination, address=address, label_payer=payer)


class CannotReturnError(Exception):
    """The message says why; nothing is changed."""


# Deadlines

WITHDRAWAL_PERIOD = timedelta(days=14)  # legal minimum
SHIP_WITHIN = timedelta(days=14)
SHIP_TOLERANCE = timedelta(days=14)  # tolerance after the deadline
# Without a delivery event, items count as delivered this long after the promised date.
NO_DELIVERY_EVENT_AFTER = timedelta(days=14)
# The latest end of withdrawal, even without a delivery event.
MAX_WITHDRAWAL_AGE = timedelta(days=365)
WARRANTY_MONTHS = 24  # legal minimum; the manufacturer may grant more
UNSHIPPED_EXPIRY = timedelta(days=90)  # expiry of an approved return of items that never arrived
SATURDAY = 5


def withdrawal_deadline(arrived_at: datetime) -> date:
    """Return the last day to withdraw."""
    return _working_day(arrived_at.date() + WITHDRAWAL_PERIOD)


def warranty_until(arrived_at: datetime, *, months: int | None = None) -> date:
    """Return the last day of the warranty: the legal one or ``months``, whichever is longer."""
    return months_after(arrived_at.date(), max(WARRANTY_MONTHS, months or 0))


def months_after(day: date, months: int) -> date:
    """Return the same day ``months`` later, or the last day of that month."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def is_window_over(last_day: date | None, now: datetime) -> bool:
    """Return whether ``last_day`` has passed; False if there is none (not arrived)."""
    return last_day is not None and now.date() > last_day


def _working_day(day: date) -> date:
    return day + timedelta(days=max(0, 7 - day.weekday())) if day.weekday() >= SATURDAY else day


# Returnable units: shipped and in no open return

Kind = ReturnAuthorization.Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Returnable:
    """Returnable units by order line id; ``withdrawal_deadline`` is None until all arrived."""

    purchase_lines: Mapping[int, PurchaseLine]  # with purchase order and order line
    withdrawal_units: Mapping[int, int]
    complaint_units: Mapping[int, int]
    withdrawal_deadline: date | None
    is_withdrawal_over: bool

    def of(self, kind: str) -> Mapping[int, int]:
        return self.withdrawal_units if kind == Kind.WITHDRAWAL else self.complaint_units

    def warranty_months(self, order_line: OrderLine) -> int:
        """Return the warranty of a line in months."""
        return warranty_months(order_line)

    @property
    def lines(self) -> list[OrderLine]:
        """Lines with returnable units, for any reason."""
        return [
            line.order_line
            for key, line in self.purchase_lines.items()
            if self.withdrawal_units.get(key) or self.complaint_units.get(key)
        ]


def find_returnable(*, order: Order, now: datetime, ignore_deadlines: bool = False) -> Returnable:
    """Count returnable units; ``ignore_deadlines`` also ignores missing delivery events.

    A withdrawal needs shipped units (unshipped ones are canceled instead), a complaint delivered
    units. Those settled as never arrived do not count against delivered ones. Without a delivery
    event, staff may accept a complaint at once, the shop only ``NO_DELIVERY_EVENT_AFTER`` after the
    promised date.
    """
    lines = (
        PurchaseLine.objects.filter(purchase_order__order=order, is_active=True)
        .select_related(
            "purchase_order__supplier", "order_line__order", "order_line__variant__product__spec"
        )
        .order_by("order_line")
        .annotate(not_received=Coalesce(Subquery(_units_not_received()), 0))
    )
    by_line = {line.order_line_id: line for line in lines}
    arrived = [_arrived_at(line.purchase_order) for line in by_line.values()]
    arrivals = [moment for moment in arrived if moment is not None]
    until = (
        withdrawal_deadline(max(arrivals)) if arrivals and len(arrivals) == len(arrived) else None
    )
    is_over = is_window_over(until, now) or _is_final_replacement(order)
    promised = order.arrives_to or (order.placed_at + MAX_WITHDRAWAL_AGE).date()
    is_over = is_over or now.date() > promised + NO_DELIVERY_EVENT_AFTER + MAX_WITHDRAWAL_AGE
    is_event_overdue = now.date() > promised + NO_DELIVERY_EVENT_AFTER
    withdrawal_units, complaint_units = {}, {}
    for key, line in by_line.items():
        order_line = line.order_line
        arrived_at = _arrived_at(line.purchase_order)
        months = warranty_months(order_line)
        is_warranty_over = arrived_at is not None and is_window_over(
            warranty_until(arrived_at, months=months), now
        )
        if not is_over or ignore_deadlines:
            withdrawal_units[key] = order_line.shipped_quantity - order_line.returning_quantity
        if not is_warranty_over or ignore_deadlines:
            counts_as_delivered = arrived_at is None and (is_event_overdue or ignore_deadlines)
            delivered_units = (
                order_line.shipped_quantity
                if counts_as_delivered
                else order_line.delivered_quantity
            )
            not_received: int = getattr(line, "not_received")  # noqa: B009 - annotated
            complaint_units[key] = min(
                order_line.shipped_quantity - order_line.returning_quantity,
                delivered_units + not_received - order_line.returning_quantity,
            )
    return Returnable(
        purchase_lines=by_line,
        withdrawal_units={key: units for key, units in withdrawal_units.items() if units > 0},
        complaint_units={key: units for key, units in complaint_units.items() if units > 0},
        withdrawal_deadline=until,
        is_withdrawal_over=is_over,
    )


def _units_not_received() -> QuerySet[ReturnLine, int]:
    lines = ReturnLine.objects.effective().filter(
        order_line=OuterRef("order_line"), authorization__kind=Kind.NOT_RECEIVED
    )
    return (
        lines.values("order_line").annotate(units=Sum("quantity")).values_list("units", flat=True)
    )


def warranty_months(order_line: OrderLine) -> int:
    """Return the months of the longest guarantee: recorded at the sale, recorded now, or legal."""
    terms = (order_line.guarantee_months, order_line.variant.product.guarantee_months)
    return max(WARRANTY_MONTHS, *(months or 0 for months in terms))


def _is_final_replacement(order: Order) -> bool:
    """Return whether the order is a replacement from which the customer cannot withdraw.

    After a complaint, only the first order can be withdrawn from. An exchange after a withdrawal
    is a new purchase, but only the first exchange can be withdrawn from.
    """
    if not hasattr(order, "replaces"):
        return False
    first: ReturnAuthorization = order.replaces
    return not first.is_withdrawal or hasattr(first.order, "replaces")


def _arrived_at(purchase_order: PurchaseOrder) -> datetime | None:
    is_closed = purchase_order.status == PurchaseOrder.Status.CLOSED
    return purchase_order.status_since if is_closed else None
