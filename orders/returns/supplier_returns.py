"""Supplier returns: send items back to the supplier, track its credit."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext

from orders import numbers
from orders.claims import claims
from orders.models import (
    PurchaseOrder,
    ReturnAuthorization,
    ReturnPolicy,
    SupplierReturn,
    SupplierReturnLine,
)
from orders.returns import authorizations, eligibility
from storefront.lib.money import Money

Status = SupplierReturn.Status
INSPECTED_STATES = ReturnAuthorization.SETTLED | {ReturnAuthorization.Status.INSPECTED}


class SupplierReturnError(Exception):
    """The message says why; nothing is changed."""


def returnable_units(authorization: ReturnAuthorization) -> dict[int, int]:
    """Return received and accepted units by purchase line id."""
    received_units = {
        line.order_line_id: min(line.accepted_quantity, line.received_quantity)
        for line in authorization.lines.all()
        if line.condition != ReturnAuthorization.Condition.MISSING
    }
    lines = authorization.purchase_order.lines.filter(is_active=True, order_line__in=received_units)
    return {line.pk: units for line in lines if (units := received_units[line.order_line_id])}


def is_open(authorization: ReturnAuthorization) -> bool:
    """Return whether a supplier return is pending or credited."""
    return authorization.supplier_returns.exclude(
        status__in=SupplierReturn.CLOSED_WITHOUT_CREDIT
    ).exists()


def can_open(authorization: ReturnAuthorization) -> bool:
    """Return whether a supplier return can be opened for a customer's return."""
    if authorization.is_kept or authorization.status not in INSPECTED_STATES:
        return False
    return not is_open(authorization) and is_accepted(authorization)


def is_accepted(authorization: ReturnAuthorization) -> bool:
    """Return whether the supplier accepts a return: by policy or, for a complaint, by warranty."""
    policy = _policy_of(authorization)
    if authorization.is_withdrawal or policy.warranty_months is None:
        return policy.accepts_returns
    deadline = _warranty_deadline(authorization, policy.warranty_months)
    return deadline is None or authorization.opened_at.date() <= deadline


def terms_text(authorization: ReturnAuthorization) -> str:
    """Return what the supplier accepts and until when, as text."""
    policy = _policy_of(authorization)
    if authorization.is_withdrawal or policy.warranty_months is None:
        if policy.accepts_returns:
            return gettext("The supplier accepts the return.")
        return gettext("The supplier does not accept returns.")
    deadline = _warranty_deadline(authorization, policy.warranty_months)
    if deadline is None:
        text = gettext(
            "Covered by the supplier's warranty of %(months)d months, which starts on delivery."
        )
        return text % {"months": policy.warranty_months}
    if is_accepted(authorization):
        text = gettext("Covered by the supplier's warranty: reported before it ended on %(day)s.")
    else:
        text = gettext(
            "Not covered: the supplier's warranty ended on %(day)s, before "
            "the problem was reported."
        )
    return text % {"day": date_format(deadline)}


def _policy_of(authorization: ReturnAuthorization) -> ReturnPolicy:
    return eligibility.find_policy(authorization.purchase_order.supplier)


def _warranty_deadline(authorization: ReturnAuthorization, months: int) -> date | None:
    """Return the last day of the supplier's warranty; None before arrival."""
    purchase_order = authorization.purchase_order
    if purchase_order.status != PurchaseOrder.Status.CLOSED:
        return None
    return eligibility.months_after(purchase_order.status_since.date(), months)


@transaction.atomic(durable=True)
def open_for_return(
    *, authorization: ReturnAuthorization, actor: str, now: datetime
) -> SupplierReturn:
    """Open the supplier return of a customer's return.

    Locks:  the order, then the purchase order
    Raises: SupplierReturnError  the supplier does not accept it, or one is open already
    """
    authorizations.lock(authorization)
    purchase_order = _lock(authorization.purchase_order)
    if not can_open(authorization):
        message = gettext(
            "The supplier does not accept these items, or a return to the supplier already exists."
        )
        if not is_accepted(authorization):
            message = terms_text(authorization)
        raise SupplierReturnError(message)
    return _open(purchase_order, returnable_units(authorization), authorization, actor, now)


@transaction.atomic(durable=True)
def open_without_return(
    *,
    purchase_order: PurchaseOrder,
    units: Mapping[int, int],
    actor: str,
    now: datetime,
    number: str = "",
) -> SupplierReturn:
    """Open a supplier return without a customer's return. Idempotent by ``number``.

    Shape:  ``units`` by purchase line id
    Locks:  the purchase order
    Raises: SupplierReturnError
    """
    locked = _lock(purchase_order)
    if number and (existing := locked.supplier_returns.filter(number=number).first()):
        return existing
    return _open(locked, units, None, actor, now, number=number)


def new_number(purchase_order: PurchaseOrder) -> str:
    """Return a new number, to be stored once."""
    return numbers.supplier_return_number(purchase_order.number)


def _lock(purchase_order: PurchaseOrder) -> PurchaseOrder:
    rows = PurchaseOrder.objects.select_related("supplier").select_for_update(of=["self"])
    return rows.get(pk=purchase_order.pk)


def _open(  # noqa: PLR0913 - one row's columns
    purchase_order: PurchaseOrder,
    units: Mapping[int, int],
    authorization: ReturnAuthorization | None,
    actor: str,
    now: datetime,
    *,
    number: str = "",
) -> SupplierReturn:
    units_by_line = claims.select_lines(purchase_order, units, SupplierReturnError)
    currency = next(iter(units_by_line)).cost_currency
    cost = sum((line.agreed_cost_amount * n for line, n in units_by_line.items()), Decimal(0))
    percent = eligibility.find_policy(purchase_order.supplier).restocking_fee_percent
    fee = Money(cost * percent / 100, currency).rounded().amount
    supplier_return = SupplierReturn.objects.create(
        purchase_order=purchase_order,
        authorization=authorization,
        number=number or new_number(purchase_order),
        currency=currency,
        expected_amount=cost - fee,
        fee_amount=fee,
        opened_by=actor[:100],
        opened_at=now,
        status_since=now,
    )
    SupplierReturnLine.objects.bulk_create(
        SupplierReturnLine(
            supplier_return=supplier_return,
            purchase_line=line,
            quantity=quantity,
            ordered_quantity=line.quantity,
            unit_amount=line.agreed_cost_amount,
        )
        for line, quantity in units_by_line.items()
    )
    return supplier_return


def record_status(
    *,
    supplier_return: SupplierReturn,
    to: SupplierReturn.Status,
    reason: str,
    actor: str,
    now: datetime,
    **fields: str,
) -> None:
    """Record the status that the supplier reported.

    Raises: InvalidTransitionError, ConcurrentUpdateError  not possible from the current status
    """
    supplier_return.move(to, at=now, actor=actor, reason=reason, **fields)


def record_credit(
    *, supplier_return: SupplierReturn, amount: Money, reason: str, actor: str, now: datetime
) -> None:
    """Record the credited amount, once; it may exceed the expected one.

    Raises: InvalidTransitionError, ConcurrentUpdateError  it is closed
            SupplierReturnError                            the amount is negative
    """
    if amount.amount < 0:
        raise SupplierReturnError(gettext("The amount cannot be negative."))
    supplier_return.move(
        Status.CREDITED,
        at=now,
        actor=actor,
        reason=reason,
        credited_amount=amount.amount,
        recorded_by=actor[:100],
    )
