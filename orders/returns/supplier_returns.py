"""Supplier returns: send items back to the supplier, track its credit.

Staff contact the supplier and enter each step; an open one stays in the inbox.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext

from orders import numbers
from orders.claims import claims
from orders.models import (
    PurchaseLine,
    PurchaseOrder,
    ReturnAuthorization,
    ReturnPolicy,
    SupplierRMA,
    SupplierRMALine,
)
from orders.returns import authorizations, eligibility
from storefront.lib.money import Money

Status = SupplierRMA.Status
LOOKED_AT = ReturnAuthorization.GONE_BACK | {ReturnAuthorization.Status.INSPECTED}


class CannotSendBackError(Exception):
    """The message says why; nothing is changed."""


def units_of(authorization: ReturnAuthorization) -> dict[int, int]:
    """Return received and accepted units by purchase line id."""
    came = {
        line.order_line_id: min(line.accepted_quantity, line.received_quantity)
        for line in authorization.lines.all()
        if line.disposition != ReturnAuthorization.Disposition.MISSING
    }
    lines = authorization.purchase_order.lines.filter(is_live=True, order_line__in=came)
    return {line.pk: units for line in lines if (units := came[line.order_line_id])}


def stands(authorization: ReturnAuthorization) -> bool:
    """Return True if the supplier was asked for it or has credited it."""
    return authorization.rmas.exclude(status__in=SupplierRMA.GIVEN_UP).exists()


def is_for(authorization: ReturnAuthorization) -> bool:
    """Return True if a supplier return can be opened for it."""
    if authorization.is_kept or authorization.status not in LOOKED_AT:
        return False
    return not stands(authorization) and owes(authorization)


def owes(authorization: ReturnAuthorization) -> bool:
    """Return True if the supplier accepts it: by policy, or by its warranty for a complaint."""
    policy = _policy_of(authorization)
    if authorization.is_withdrawal or policy.warranty_months is None:
        return policy.takes_back
    last = _owes_until(authorization, policy.warranty_months)
    return last is None or authorization.opened_at.date() <= last


def says(authorization: ReturnAuthorization) -> str:
    """Return what the supplier accepts and until when, as text."""
    policy = _policy_of(authorization)
    if authorization.is_withdrawal or policy.warranty_months is None:
        if policy.takes_back:
            return gettext("The supplier accepts the return.")
        return gettext("The supplier does not accept returns.")
    last = _owes_until(authorization, policy.warranty_months)
    if last is None:
        words = gettext(
            "Covered by the supplier's warranty of %(months)d months, which starts on delivery."
        )
        return words % {"months": policy.warranty_months}
    if owes(authorization):
        words = gettext("Covered by the supplier's warranty: reported before it ended on %(day)s.")
    else:
        words = gettext(
            "Not covered: the supplier's warranty ended on %(day)s, before "
            "the problem was reported."
        )
    return words % {"day": date_format(last)}


def _policy_of(authorization: ReturnAuthorization) -> ReturnPolicy:
    return eligibility.policy_of(authorization.purchase_order.supplier)


def _owes_until(authorization: ReturnAuthorization, months: int) -> date | None:
    """Return the last day of the supplier's warranty; None before arrival."""
    bought = authorization.purchase_order
    if bought.status != PurchaseOrder.Status.CLOSED:
        return None
    return eligibility.months_after(bought.status_since.date(), months)


@transaction.atomic(durable=True)
def open_for(*, authorization: ReturnAuthorization, actor: str, now: datetime) -> SupplierRMA:
    """Open the supplier return of a customer's return.

    Locks:  the order, then the purchase order
    Raises: CannotSendBackError  the supplier does not accept it, or it is open already
    """
    authorizations.hold(authorization)
    purchase_order = _lock(authorization.purchase_order)
    if not is_for(authorization):
        words = gettext(
            "The supplier does not accept these items, or a return to the supplier already exists."
        )
        if not owes(authorization):
            words = says(authorization)
        raise CannotSendBackError(words)
    return _open(purchase_order, units_of(authorization), authorization, actor, now)


@transaction.atomic(durable=True)
def open_alone(
    *,
    purchase_order: PurchaseOrder,
    units: Mapping[int, int],
    actor: str,
    now: datetime,
    number: str = "",
) -> SupplierRMA:
    """Open a supplier return without a customer's return. Idempotent by ``number``.

    Shape:  ``units`` by purchase line id
    Locks:  the purchase order
    Raises: CannotSendBackError
    """
    locked = _lock(purchase_order)
    if number and (known := locked.rmas.filter(number=number).first()):
        return known
    return _open(locked, units, None, actor, now, number=number)


def new_number(purchase_order: PurchaseOrder) -> str:
    """Return a new number, to be stored once."""
    return numbers.rma_number(purchase_order.number)


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
) -> SupplierRMA:
    chosen = _chosen(purchase_order, units)
    currency = next(iter(chosen)).cost_currency
    cost = sum((line.agreed_cost_amount * n for line, n in chosen.items()), Decimal(0))
    percent = eligibility.policy_of(purchase_order.supplier).restocking_percent
    fee = Money(cost * percent / 100, currency).rounded().amount
    rma = SupplierRMA.objects.create(
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
    SupplierRMALine.objects.bulk_create(
        SupplierRMALine(
            rma=rma,
            purchase_line=line,
            quantity=quantity,
            ordered_quantity=line.quantity,
            unit_amount=line.agreed_cost_amount,
        )
        for line, quantity in chosen.items()
    )
    return rma


def _chosen(purchase_order: PurchaseOrder, units: Mapping[int, int]) -> dict[PurchaseLine, int]:
    """Return the selected units, if no claim or other supplier return has them.

    Raises: CannotSendBackError
    """
    left = claims.claimable(purchase_order)
    chosen = {line: units[line.pk] for line in left if units.get(line.pk, 0) > 0}
    if not chosen or len(chosen) < sum(1 for n in units.values() if n > 0):
        raise CannotSendBackError(gettext("Choose at least one unit."))
    for line, wished in chosen.items():
        if wished > left[line]:
            words = gettext("At most %(left)d of %(sku)s can still be claimed.")
            raise CannotSendBackError(words % {"sku": line.order_line.sku, "left": left[line]})
    return chosen


def go_on(
    *,
    rma: SupplierRMA,
    to: SupplierRMA.Status,
    reason: str,
    actor: str,
    now: datetime,
    **said: str,
) -> None:
    """Record the status that the supplier reported.

    Raises: IllegalMoveError, LostRaceError  not possible from the current status
    """
    rma.move(to, at=now, actor=actor, reason=reason, **said)


def credit(*, rma: SupplierRMA, amount: Money, reason: str, actor: str, now: datetime) -> None:
    """Record the credited amount, once; it may exceed the expected one.

    Raises: IllegalMoveError, LostRaceError  it ended
            CannotSendBackError              the amount is negative
    """
    if amount.amount < 0:
        raise CannotSendBackError(gettext("The amount cannot be negative."))
    rma.move(
        Status.CREDITED,
        at=now,
        actor=actor,
        reason=reason,
        credited_amount=amount.amount,
        recorded_by=actor[:100],
    )
