"""What of an order may still be given back: units that left, of which no return stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from orders.models import Order, OrderLine, PurchaseLine, PurchaseOrder, ReturnAuthorization
from orders.returns import window

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
    until = window.withdraw_until(max(known)) if known and len(known) == len(arrived) else None
    is_over = window.is_over(until, now) or _was_decided(order)
    promised = order.arrives_to or (order.placed_at + window.LONGEST).date()
    is_over = is_over or now.date() > promised + window.UNHEARD + window.LONGEST
    is_unheard = now.date() > promised + window.UNHEARD
    withdrawable, complainable = {}, {}
    for key, line in by_line.items():
        sold = line.order_line
        at = _arrived_at(line.purchase_order)
        months = warranty_months(sold)
        is_old = at is not None and window.is_over(window.warranty_until(at, months=months), now)
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
    return max(window.WARRANTY_MONTHS, *(months or 0 for months in said))


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
