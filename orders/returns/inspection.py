"""Inspection: record received units, then accepted units and their condition."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from operator import attrgetter

from django.db import transaction
from django.utils.translation import gettext

from orders.models import ReturnAuthorization, ReturnLine
from orders.returns import refund_amounts, requests, supplier_returns
from orders.returns.authorizations import lock
from orders.returns.eligibility import CannotReturnError
from storefront.lib.db.transactions import requires_transaction
from storefront.lib.money import Money

Status = ReturnAuthorization.Status
COUNTED_ONLY = frozenset({Status.RECEIVED, Status.REFUNDED})


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectedLine:
    """Accepted units of one line, their condition, and the deduction for use."""

    accepted: int
    condition: ReturnAuthorization.Condition
    deduction: Decimal = Decimal(0)
    reason: str = ""


@transaction.atomic(durable=True)
def receive(
    *,
    authorization: ReturnAuthorization,
    units: Mapping[int, int],
    actor: str,
    now: datetime,
) -> None:
    """Store the received units by return line.

    A recount requires a new inspection. Returns refunded before receipt are only counted.

    Locks:  the order
    Raises: CannotReturnError  no units, more than requested, or a supplier return is open
    """
    lock(authorization)
    if supplier_returns.is_open(authorization):
        raise CannotReturnError(
            gettext("A return to the supplier already exists for this item. Cancel that one first.")
        )
    lines = list(authorization.lines.select_related("order_line").order_by("pk"))
    if not any(units.get(line.pk, 0) for line in lines):
        raise CannotReturnError(gettext("Choose at least one item."))
    for line in lines:
        received = units.get(line.pk, 0)
        if not 0 <= received <= line.quantity:
            raise CannotReturnError(_limit_message(line.quantity))
        ReturnLine.objects.filter(pk=line.pk).update(received_quantity=received)
    if authorization.status in COUNTED_ONLY and can_receive(authorization):
        return
    if authorization.status == Status.EXPIRED:
        _reserve_again(lines)
    authorization.move(Status.RECEIVED, at=now, actor=actor)


@requires_transaction
def _reserve_again(lines: Sequence[ReturnLine]) -> None:
    """Reserve the units again that expiry had released.

    Locks:  the caller holds the order
    Raises: CannotReturnError  another return has them
    """
    for line in sorted(lines, key=attrgetter("order_line_id")):
        order_line = line.order_line
        if line.quantity > order_line.shipped_quantity - order_line.returning_quantity:
            raise CannotReturnError(
                gettext(
                    "This return was closed and the items are in a "
                    "newer return. Open the newer return."
                )
            )
        requests.reserve_units(order_line.pk, line.quantity)


def can_receive(authorization: ReturnAuthorization) -> bool:
    """Return whether received units can be counted or recounted."""
    if authorization.status == Status.REFUNDED:
        is_inspected = authorization.lines.exclude(condition="").exists()
        return not authorization.is_kept and not is_inspected
    if authorization.status == Status.RECEIVED:
        return True
    return Status.RECEIVED in ReturnAuthorization.TRANSITIONS[Status(authorization.status)]


@transaction.atomic(durable=True)
def inspect(
    *,
    authorization: ReturnAuthorization,
    results: Mapping[int, InspectedLine],
    actor: str,
    now: datetime,
) -> None:
    """Store accepted units and condition of each line.

    Only a withdrawal has a deduction, and only for use beyond testing.

    Locks:  the order
    Raises: CannotReturnError  more accepted than received, or more deducted than paid
    """
    lock(authorization)
    for line in authorization.lines.select_related("order_line").order_by("pk"):
        inspected = results[line.pk]
        if not 0 <= inspected.accepted <= line.received_quantity:
            raise CannotReturnError(_limit_message(line.received_quantity))
        line.accepted_quantity = inspected.accepted
        _validate_deduction(authorization, line, inspected)
        line.condition = inspected.condition
        line.deduction_amount = inspected.deduction
        line.deduction_reason = inspected.reason[:200]
        line.save()
    authorization.move(Status.INSPECTED, at=now, actor=actor)


def _validate_deduction(
    authorization: ReturnAuthorization, line: ReturnLine, inspected: InspectedLine
) -> None:
    if not inspected.deduction:
        return
    if not authorization.is_withdrawal:
        message = gettext(
            "Defective or wrong items cannot have a deduction for use. Remove the deduction."
        )
        raise CannotReturnError(message)
    if not inspected.reason:
        raise CannotReturnError(gettext("Enter the reason for the deduction."))
    paid = refund_amounts.paid_for(line, currency=authorization.currency)
    if not 0 <= inspected.deduction <= paid.amount:
        message = gettext("The deduction can be at most %(most)s.")
        raise CannotReturnError(message % {"most": Money(paid.amount, paid.currency)})


def _limit_message(max_units: int) -> str:
    return gettext("Enter %(most)d or less.") % {"most": max_units}
