"""Refund amounts: compute what a return is worth: items, deductions, shipping."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Sum

from orders import ledger
from orders.backorders import rejected_lines
from orders.models import Order, Payment, PurchaseOrder, ReturnAuthorization, ReturnLine
from orders.pricing.proration import prorate
from storefront.lib.money import Money

Status = ReturnAuthorization.Status
# Refundable without receipt: kept, proven to be sent, or lost by the carrier.
REFUNDABLE_WITHOUT_RECEIPT = frozenset(
    {
        Status.REQUESTED,
        Status.NEEDS_EVIDENCE,
        Status.APPROVED,
        Status.LABEL_ISSUED,
        Status.IN_TRANSIT,
        Status.LOST_IN_TRANSIT,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundDue:
    """Amounts of a refund. ``left`` is what the order's payment can still refund."""

    goods: Money
    deduction: Money
    delivery: Money
    left: Money

    @property
    def total(self) -> Money:
        return self.goods - self.deduction + self.delivery

    @property
    def given(self) -> Money:
        return min(self.total, self.left)


def root_return(order: Order) -> ReturnAuthorization | None:
    """Return the return of the paid order, if this order is a replacement (of a replacement)."""
    first = None
    while made_for := replaced_return(order):
        first, order = made_for, made_for.order
    return first


def replaced_return(order: Order) -> ReturnAuthorization | None:
    """Return the return this order replaces: always of an older order, so chains end."""
    rows = ReturnAuthorization.objects.select_related("order")
    return rows.filter(replacement=order, order__lt=order.pk).first()


def has_failed_replacement(authorization: ReturnAuthorization) -> bool:
    """Return True if units of its replacement were canceled or refunded, and all are decided.

    While others may still fail it is too early: there is one refund.
    """
    made = authorization.replacement
    if authorization.status != Status.EXCHANGED or made is None:
        return False
    lines = list(made.lines.all())
    is_decided = all(one.quantity <= one.canceled_quantity + one.shipped_quantity for one in lines)
    return is_decided and bool(any(one.canceled_quantity for one in lines) or _refunded_units(made))


def _refunded_units(made: Order) -> Counter[int]:
    """Return refunded units by line of a replacement order."""
    back: Counter[int] = Counter()
    for one in made.returns.filter(status=Status.REFUNDED).select_related("replacement"):
        back.update(failed_units(one, list(one.lines.all())))
    return back


def failed_units(authorization: ReturnAuthorization, lines: Sequence[ReturnLine]) -> dict[int, int]:
    """Return, per order line, the accepted units whose replacement was canceled or refunded."""
    made = authorization.replacement
    if made is None or made.pk <= authorization.order_id:  # see ``replaced_return``
        return {line.order_line_id: line.accepted_quantity for line in lines}
    replacements = list(made.lines.order_by("pk"))
    given_back = _refunded_units(made)
    failed: Counter[int] = Counter()
    for each in replacements:  # a split line has several rows
        failed[each.split_from_id or each.pk] += each.canceled_quantity + given_back[each.pk]
    # Replacement lines were created in this order.
    replaced = sorted((one for one in lines if one.accepted_quantity), key=_by_line)
    roots = [each for each in replacements if each.split_from_id is None]
    return {one.order_line_id: failed[root.pk] for one, root in zip(replaced, roots, strict=True)}


def _by_line(line: ReturnLine) -> int:
    return line.order_line_id


def preview(authorization: ReturnAuthorization) -> RefundDue:
    """Return the current amounts; refunds compute them again under the lock."""
    return calculate(
        authorization, read_lines(authorization), find_payments(authorization.order_id)
    )


def find_refundable(payments: Sequence[Payment], currency: str) -> tuple[Payment | None, Money]:
    """Return the payment with the most left to refund, and that amount."""
    left = {one: ledger.refundable_amount(one) for one in payments}
    payment = max(left, key=lambda one: left[one].amount, default=None)
    return payment, left[payment] if payment is not None else Money.zero(currency)


def paid_for(line: ReturnLine, *, currency: str) -> Money:
    """Return what the customer paid for the accepted units of a line."""
    if line.paid_amount is not None:
        return Money(line.paid_amount, currency)
    sold = line.order_line
    return prorate(
        Money(sold.customer_charge_amount, currency),
        quantity=sold.quantity,
        before=sold.returned_quantity,
        units=line.accepted_quantity,
    )


def read_lines(authorization: ReturnAuthorization) -> list[ReturnLine]:
    """Return the lines; without receipt all units count as accepted."""
    lines = list(authorization.lines.select_related("order_line").order_by("order_line"))
    if authorization.status in REFUNDABLE_WITHOUT_RECEIPT:
        for line in lines:
            line.accepted_quantity = line.quantity
    if authorization.status == Status.EXCHANGED:
        set_replaced_amounts(authorization, lines)
    return lines


def set_replaced_amounts(authorization: ReturnAuthorization, lines: Sequence[ReturnLine]) -> None:
    """Set ``replaced_amount``: the part of each line that was replaced.

    Deductions and price differences are neither refunded nor replaced.
    """
    failed = failed_units(authorization, lines)
    for line in lines:
        whole = paid_for(line, currency=authorization.currency)
        whole -= Money(line.deduction_amount + line.difference_amount, authorization.currency)
        if line.accepted_quantity:
            part = prorate(
                whole,
                quantity=line.accepted_quantity,
                before=0,
                units=failed[line.order_line_id],
            )
            line.replaced_amount = (whole - part).amount


def find_payments(order_id: int) -> list[Payment]:
    return list(Payment.objects.filter(order=order_id, authorized_amount__gt=0).order_by("pk"))


def calculate(
    authorization: ReturnAuthorization, lines: Sequence[ReturnLine], payments: Sequence[Payment]
) -> RefundDue:
    currency = authorization.currency
    shares = [paid_for(line, currency=currency) for line in lines]
    kept = sum((line.deduction_amount for line in lines), Decimal(0))
    given = sum((line.replaced_amount + line.difference_amount for line in lines), Decimal(0))
    left = [ledger.refundable_amount(one) for one in payments if one.currency == currency]
    return RefundDue(
        goods=Money.total(shares, currency) - Money(given, currency),
        deduction=Money(kept, currency),
        delivery=shipping_refund(authorization, lines),
        left=max(left, default=Money.zero(currency)),
    )


def shipping_refund(authorization: ReturnAuthorization, lines: Sequence[ReturnLine]) -> Money:
    """Return the shipping charge if this returns the last items of the order, else zero."""
    order = authorization.order
    nothing = Money.zero(authorization.currency)
    if order.returns.filter(delivery_amount__gt=0).exists():
        return nothing
    paid = ReturnLine.objects.filter(
        authorization__order=order, authorization__status=Status.REFUNDED, replaced_amount=0
    )
    back = dict(
        paid.exclude(authorization=authorization)
        .values("order_line")
        .annotate(units=Sum("accepted_quantity"))
        .values_list("order_line", "units")
    )
    for line, units in failed_units(authorization, lines).items():
        back[line] = back.get(line, 0) + units
    sold = list(order.lines.all())
    if any(line.quantity - line.canceled_quantity > back.get(line.pk, 0) for line in sold):
        return nothing
    live = order.purchase_orders.exclude(status=PurchaseOrder.Status.CANCELED)
    charged = Money.total((rejected_lines.charged_amount(one) for one in live), order.currency)
    goods = (line.customer_charge_amount for line in sold if line.quantity > line.canceled_quantity)
    ways = charged - Money(sum(goods, Decimal(0)), order.currency)
    return max(ways, nothing)
