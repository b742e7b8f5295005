"""Staff refunds: refund items or an amount, ask another staff member above the limit, decide."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from orders.models import Order, OrderLine, RefundRequest
from orders.payments import refunds
from orders.pricing.proration import prorate
from storefront.lib.money import Money

REFUND_RIGHT = "refund_order"
Status = RefundRequest.Status


class CannotRefundError(Exception):
    """The refund is not possible; the message says why. Nothing is written."""


def limit_of(user: Any, currency: str) -> Money | None:
    """Return what a user may refund of one order without approval; None: no limit.

    The highest limit of the user's groups that may refund counts; a group without a limit, a
    permission of the user's own and a superuser have none. A currency without a limit in a limited
    group needs approval.
    """
    if user.is_superuser:
        return None
    groups = Group.objects.filter(
        user=user, permissions__codename=REFUND_RIGHT, permissions__content_type__app_label="orders"
    )
    limits = list(groups.values_list("refund_limits__amount", "refund_limits__currency"))
    if not limits or any(amount is None for amount, _currency in limits):
        return None
    return max(
        (Money(amount, code) for amount, code in limits if code == currency),
        default=Money.zero(currency),
    )


def units_left(order: Order) -> dict[OrderLine, int]:
    """Return the shipped units of each line that are neither returned nor refunded by item.

    Unshipped units are canceled instead: a refund alone would leave them on order.
    """
    return {
        line: line.shipped_quantity + line.canceled_quantity - taken
        for line, taken in _units_taken(order).items()
    }


def _units_taken(order: Order) -> dict[OrderLine, int]:
    """Return the units of each line that are canceled, returned or refunded by item."""
    requests = RefundRequest.objects.filter(order=order).exclude(status=Status.REJECTED)
    refunded: Counter[int] = Counter()
    for units in requests.values_list("units", flat=True):
        refunded.update({int(line_id): count for line_id, count in units.items()})
    return {
        line: line.canceled_quantity
        + max(line.returned_quantity, line.returning_quantity)
        + refunded[line.pk]
        for line in order.lines.order_by("pk")
    }


@dataclass(slots=True)
class ItemRefund:
    """What staff refunded by item of one order line."""

    units: int
    amount: Money


def item_refunds(order: Order) -> dict[int, ItemRefund]:
    """Return the approved refunds by item, by order line id.

    An amount that staff entered for several lines is divided by what the customer paid for them.
    """
    refunded: dict[int, ItemRefund] = {}
    requests = list(RefundRequest.objects.filter(order=order, status=Status.APPROVED))
    lines = order.lines.all() if requests else ()
    charges = {line.pk: line.customer_charge_amount / line.quantity for line in lines}
    for request in requests:
        units = {int(line_id): count for line_id, count in request.units.items()}
        worth = sum(charges[line_id] * count for line_id, count in units.items())
        for line_id, count in units.items():
            share = charges[line_id] * count / worth if worth else Decimal(0)
            amount = Money(request.amount * share, request.currency).rounded()
            row = refunded.setdefault(line_id, ItemRefund(0, Money.zero(request.currency)))
            row.units, row.amount = row.units + count, row.amount + amount
    return refunded


def items_of(request: RefundRequest) -> str:
    """Return the units and items of a request; "" if only an amount was entered."""
    lines = OrderLine.objects.filter(pk__in=[*request.units]).order_by("pk")
    return ", ".join(f"{request.units[str(line.pk)]} × {line.sku} {line.title}" for line in lines)


def value_of(order: Order, units: Mapping[int, int]) -> Money:
    """Return what the customer paid for these units. Raises: CannotRefundError."""
    total, taken = Money.zero(order.currency), _units_taken(order)
    for line, left in units_left(order).items():
        count = units.get(line.pk, 0)
        if count > left:
            message = _("Only %(left)d of %(sku)s can be refunded.")
            raise CannotRefundError(message % {"left": max(left, 0), "sku": line.sku})
        paid = Money(line.customer_charge_amount, order.currency)
        total += prorate(paid, quantity=line.quantity, before=taken[line], units=count)
    return total


@transaction.atomic(durable=True)
def request(  # noqa: PLR0913 - the parts of one form
    *,
    order: Order,
    units: Mapping[int, int],
    amount: Money | None,
    limit: Money | None,
    reason: str,
    key: str,
    actor: str,
    now: datetime,
) -> RefundRequest:
    """Refund units, or an amount, at once if it is within the limit; else ask for approval.

    ``amount`` overrides the value of the units. The limit is for all refunds of this order that
    the actor entered. Idempotent by ``key``.

    Locks:  the order, then its payment
    Raises: CannotRefundError, RefundTooLargeError, NothingToRefundError  nothing is written
    """
    locked = Order.objects.select_for_update(of=["self"]).get(pk=order.pk)
    known = RefundRequest.objects.filter(order=locked, key=key).first()
    if known is not None:
        return known
    value = value_of(locked, units)
    value = amount or value
    refundable = refunds.refundable(locked)
    if not refundable:
        raise refunds.NothingToRefundError(locked.number)
    if value.amount <= 0 or refundable < value:
        raise refunds.RefundTooLargeError(refundable)
    before = RefundRequest.objects.filter(order=locked, requested_by=actor[:100])
    entered = before.exclude(status=Status.REJECTED).aggregate(total=Sum("amount"))["total"] or 0
    is_within = limit is None or entered + value.amount <= limit.amount
    made = RefundRequest.objects.create(
        order=locked,
        key=key,
        units={str(line_id): count for line_id, count in units.items() if count},
        amount=value.amount,
        currency=value.currency,
        reason=reason,
        requested_by=actor[:100],
        requested_at=now,
        status=Status.APPROVED if is_within else Status.WAITING,
        status_since=now,
    )
    if is_within:
        refunds.refund_locked(locked, amount=value, reason=f"{actor}: {reason}", now=now, key=key)
    return made


@transaction.atomic(durable=True)
def approve(*, request: RefundRequest, limit: Money | None, actor: str, now: datetime) -> None:
    """Approve a waiting request of another staff member, and request the refund.

    Locks:  the order, then the request and the payment
    Raises: CannotRefundError, InvalidTransitionError, RefundTooLargeError, NothingToRefundError
    """
    order, row = _lock(request, actor)
    if limit is not None and limit < row.value:
        raise CannotRefundError(_("This refund is above your own limit."))
    if any(left < 0 for line, left in units_left(order).items() if str(line.pk) in row.units):
        raise CannotRefundError(_("A return already refunds these items. Reject this request."))
    row.move(Status.APPROVED, at=now, actor=actor, decided_by=actor[:100])
    refunds.refund_locked(
        order,
        amount=row.value,
        reason=f"{row.requested_by}: {row.reason}",
        now=now,
        key=row.key,
    )


@transaction.atomic(durable=True)
def reject(*, request: RefundRequest, reason: str, actor: str, now: datetime) -> None:
    """Reject a waiting request of another staff member.

    Locks:  the order, then the request
    Raises: CannotRefundError, InvalidTransitionError
    """
    _order, row = _lock(request, actor)
    row.move(Status.REJECTED, at=now, actor=actor, reason=reason, decided_by=actor[:100])


def _lock(request: RefundRequest, actor: str) -> tuple[Order, RefundRequest]:
    order = Order.objects.select_for_update(of=["self"]).get(pk=request.order_id)
    row = RefundRequest.objects.select_for_update(of=["self"]).get(pk=request.pk)
    if row.requested_by == actor[:100]:
        raise CannotRefundError(_("You requested this refund: another staff member must decide."))
    return order, row
