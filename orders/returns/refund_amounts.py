"""Refund amounts: compute what a return is worth: items, deductions, shipping."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from operator import attrgetter

from django.db.models import Sum

from orders import ledger
from orders.backorders import rejected_lines
from orders.models import (
    Order,
    Payment,
    PurchaseOrder,
    ReturnAuthorization,
    ReturnLabel,
    ReturnLine,
    ReturnPolicy,
)
from orders.payments import staff_refunds
from orders.pricing.proration import prorate
from storefront.lib.money import Money

Status = ReturnAuthorization.Status
# Refundable without receipt: the customer keeps the items or has sent them, or they are lost.
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
SHIPPED = frozenset(
    {Status.IN_TRANSIT, Status.LOST_IN_TRANSIT, Status.RECEIVED, Status.INSPECTED, Status.REFUNDED}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundDue:
    """Amounts of a refund. ``refundable`` is what the order's payment can still refund.

    ``label`` is what the customer pays for our return label, at most the value of the items.
    ``earlier`` is the part of the items that staff refunded by item before.
    """

    items: Money
    deduction: Money
    delivery: Money
    label: Money
    earlier: Money
    refundable: Money

    @property
    def total(self) -> Money:
        return self.items - self.deduction + self.delivery - self.label

    @property
    def given(self) -> Money:
        left = max(self.total - self.earlier, Money.zero(self.earlier.currency))
        return min(left, self.refundable)


def root_return(order: Order) -> ReturnAuthorization | None:
    """Follow replacements back to the return of the paid order; None for no replacement."""
    root = None
    while replaced := replaced_return(order):
        root, order = replaced, replaced.order
    return root


def replaced_return(order: Order) -> ReturnAuthorization | None:
    """Return the return that this order replaces. Its order is older, so chains end."""
    rows = ReturnAuthorization.objects.select_related("order")
    return rows.filter(replacement=order, order__lt=order.pk).first()


def has_failed_replacement(authorization: ReturnAuthorization) -> bool:
    """Return whether units of the replacement were canceled or refunded, and none is open."""
    replacement = authorization.replacement
    if authorization.status != Status.EXCHANGED or replacement is None:
        return False
    lines = list(replacement.lines.all())
    is_decided = all(
        line.quantity <= line.canceled_quantity + line.shipped_quantity for line in lines
    )
    return is_decided and bool(
        any(line.canceled_quantity for line in lines) or _refunded_units(replacement)
    )


def _refunded_units(replacement: Order) -> Counter[int]:
    """Return refunded units by line of a replacement order."""
    refunded: Counter[int] = Counter()
    for authorization in replacement.returns.filter(status=Status.REFUNDED).select_related(
        "replacement"
    ):
        refunded.update(failed_units(authorization, list(authorization.lines.all())))
    return refunded


def failed_units(authorization: ReturnAuthorization, lines: Sequence[ReturnLine]) -> dict[int, int]:
    """Return, per order line, the accepted units whose replacement was canceled or refunded."""
    replacement = authorization.replacement
    if replacement is None or replacement.pk <= authorization.order_id:  # see ``replaced_return``
        return {line.order_line_id: line.accepted_quantity for line in lines}
    replacement_lines = list(replacement.lines.order_by("pk"))
    refunded = _refunded_units(replacement)
    failed: Counter[int] = Counter()
    for replacement_line in replacement_lines:  # a split line has several rows
        failed[replacement_line.split_from_id or replacement_line.pk] += (
            replacement_line.canceled_quantity + refunded[replacement_line.pk]
        )
    # Replacement lines were created in the order of these lines.
    accepted = (return_line for return_line in lines if return_line.accepted_quantity)
    replaced = sorted(accepted, key=attrgetter("order_line_id"))
    roots = [
        replacement_line
        for replacement_line in replacement_lines
        if replacement_line.split_from_id is None
    ]
    return {
        return_line.order_line_id: failed[root.pk]
        for return_line, root in zip(replaced, roots, strict=True)
    }


def preview(authorization: ReturnAuthorization) -> RefundDue:
    """Return the current amounts; refunds compute them again under the lock."""
    payments = Payment.objects.filter(order=authorization.order_id, authorized_amount__gt=0)
    return calculate(authorization, read_lines(authorization), list(payments.order_by("pk")))


def find_refundable(payments: Sequence[Payment], currency: str) -> tuple[Payment | None, Money]:
    """Return the payment with the largest refundable amount, and that amount."""
    refundable = {candidate: ledger.refundable_amount(candidate) for candidate in payments}
    payment = max(refundable, key=lambda candidate: refundable[candidate].amount, default=None)
    return payment, refundable[payment] if payment is not None else Money.zero(currency)


def paid_for(line: ReturnLine, *, currency: str) -> Money:
    """Return what the customer paid for the accepted units of a line."""
    if line.paid_amount is not None:
        return Money(line.paid_amount, currency)
    order_line = line.order_line
    return prorate(
        Money(order_line.customer_charge_amount, currency),
        quantity=order_line.quantity,
        before=order_line.returned_quantity,
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
    """Set ``replaced_amount``: the part of each line that a replacement settled.

    Deductions and price differences are neither refunded nor replaced.
    """
    failed = failed_units(authorization, lines)
    for line in lines:
        amount = paid_for(line, currency=authorization.currency)
        amount -= Money(line.deduction_amount + line.difference_amount, authorization.currency)
        if line.accepted_quantity:
            failed_amount = prorate(
                amount, quantity=line.accepted_quantity, before=0, units=failed[line.order_line_id]
            )
            line.replaced_amount = (amount - failed_amount).amount


def calculate(
    authorization: ReturnAuthorization, lines: Sequence[ReturnLine], payments: Sequence[Payment]
) -> RefundDue:
    currency = authorization.currency
    shares = [paid_for(line, currency=currency) for line in lines]
    deduction = sum((line.deduction_amount for line in lines), Decimal(0))
    settled = sum((line.replaced_amount + line.difference_amount for line in lines), Decimal(0))
    refundable = [
        ledger.refundable_amount(payment) for payment in payments if payment.currency == currency
    ]
    items = Money.total(shares, currency) - Money(settled, currency)
    return RefundDue(
        items=items,
        deduction=Money(deduction, currency),
        delivery=shipping_refund(authorization, lines),
        label=min(label_charge(authorization), items - Money(deduction, currency)),
        earlier=Money.total(refunded_by_item(authorization, lines).values(), currency),
        refundable=max(refundable, default=Money.zero(currency)),
    )


def refunded_by_item(
    authorization: ReturnAuthorization, lines: Sequence[ReturnLine]
) -> dict[ReturnLine, Money]:
    """Return what staff refunded by item of the accepted units, at most what is due for them.

    Units that staff did not refund count as returned first.
    """
    currency = authorization.currency
    refunds = staff_refunds.item_refunds(authorization.order)
    is_counted = authorization.status == Status.EXCHANGED  # in ``returned_quantity``
    earlier = {}
    for line in lines:
        order_line, refund = line.order_line, refunds.get(line.order_line_id)
        if refund is None or not line.accepted_quantity:
            continue
        before = order_line.returned_quantity - (line.accepted_quantity if is_counted else 0)
        unrefunded = order_line.quantity - order_line.canceled_quantity - refund.units
        first, last = (
            max(returned - unrefunded, 0) for returned in (before, before + line.accepted_quantity)
        )
        amount = prorate(refund.amount, quantity=refund.units, before=first, units=last - first)
        settled = line.deduction_amount + line.replaced_amount + line.difference_amount
        earlier[line] = min(amount, paid_for(line, currency=currency) - Money(settled, currency))
    return earlier


def label_charge(authorization: ReturnAuthorization) -> Money:
    """Return what the customer pays for the label with which the parcel was sent; else zero.

    Only a withdrawal is charged. A label that the customer did not use is not.
    """
    zero = Money.zero(authorization.currency)
    if not authorization.is_withdrawal or not is_shipped(authorization):
        return zero
    labels = authorization.labels.filter(
        status__in=ReturnLabel.PAID, payer=ReturnPolicy.Payer.CUSTOMER
    )
    charges = (label.charge_amount for label in labels if has_number_of(authorization, label))
    return Money(sum(charges, Decimal(0)), authorization.currency)


def is_shipped(authorization: ReturnAuthorization) -> bool:
    """Return whether the customer has sent the items back."""
    return authorization.status in SHIPPED and not authorization.is_kept


def has_number_of(authorization: ReturnAuthorization, label: ReturnLabel) -> bool:
    """Return whether the return parcel has the number of this label."""
    own, given = ("".join(one.tracking_number.upper().split()) for one in (label, authorization))
    return bool(own) and own == given


def shipping_refund(authorization: ReturnAuthorization, lines: Sequence[ReturnLine]) -> Money:
    """Return the shipping charge if this returns the last items of the order, else zero."""
    order = authorization.order
    zero = Money.zero(authorization.currency)
    if order.returns.filter(delivery_amount__gt=0).exists():
        return zero
    refunded_lines = ReturnLine.objects.filter(
        authorization__order=order, authorization__status=Status.REFUNDED, replaced_amount=0
    )
    returned_units = dict(
        refunded_lines.exclude(authorization=authorization)
        .values("order_line")
        .annotate(units=Sum("accepted_quantity"))
        .values_list("order_line", "units")
    )
    for line, units in failed_units(authorization, lines).items():
        returned_units[line] = returned_units.get(line, 0) + units
    order_lines = list(order.lines.all())
    if any(
        line.quantity - line.canceled_quantity > returned_units.get(line.pk, 0)
        for line in order_lines
    ):
        return zero
    purchase_orders = order.purchase_orders.exclude(status=PurchaseOrder.Status.CANCELED)
    charged = Money.total(
        (rejected_lines.charged_amount(purchase_order) for purchase_order in purchase_orders),
        order.currency,
    )
    item_charges = (
        line.customer_charge_amount
        for line in order_lines
        if line.quantity > line.canceled_quantity
    )
    shipping_charge = charged - Money(sum(item_charges, Decimal(0)), order.currency)
    return max(shipping_charge, zero)
