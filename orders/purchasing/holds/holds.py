"""Holds: hold and release orders and purchase orders, waive hold reasons, run the hold rules again."""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext

from catalog.models import ExchangeRate
from orders.models import Order, PaymentEvent, PurchaseOrder
from orders.purchasing.holds.rules import (
    INSUFFICIENT_BALANCE,
    MISSING_CERTIFICATE,
    MISSING_RATE,
    NO_SHIPPING_METHOD,
    RULE_CODES,
    HoldReason,
    certificate_subject,
)
from storefront.lib.db.transactions import requires_transaction
from storefront.lib.models import StatusChange
from storefront.lib.state_machine import ConcurrentUpdateError
from suppliers.models import Connection

# Codes of hold reasons that are removed automatically, with the text for the status history.
AUTO_RELEASE_REASONS = {
    MISSING_RATE: "the exchange rate is available",
    MISSING_CERTIFICATE: "the certificate is on file",
    INSUFFICIENT_BALANCE: "the balance at the supplier is sufficient",
    NO_SHIPPING_METHOD: "the supplier is asked for shipping methods again",
}
# Shipping methods are requested a second time after this, if the supplier had none.
RECHECK_AFTER = timedelta(minutes=15)
REQUESTED = "requested"  # the code of a hold that a person or a program asked for
# Reasons that hold an order and all its purchase orders.
ORDER_LEVEL_CODES = frozenset(
    {REQUESTED, PaymentEvent.Kind.DISPUTED, PaymentEvent.Kind.FRAUD_WARNING}
)
HOLDABLE = frozenset({Order.Status.PLACED, Order.Status.PROCESSING})


@transaction.atomic(durable=True)
def hold_order(*, order: Order, reason: str, actor: str, now: datetime) -> None:
    """Hold a paid order and its unsubmitted purchase orders until ``release_order``.

    Locks:  the order, then its purchase orders
    Raises: InvalidTransitionError  it is on hold already, not paid, or has ended
    """
    order = Order.objects.select_for_update(of=["self"]).get(pk=order.pk)
    if order.status not in HOLDABLE:
        raise order.refusal()
    list(order.purchase_orders.select_for_update(of=["self"]).order_by("pk").values_list("pk"))
    add_reason(order, HoldReason(REQUESTED, reason), actor=actor, now=now)


@requires_transaction
def add_reason(order: Order, reason: HoldReason, *, actor: str, now: datetime) -> None:
    """Add a hold reason to an order and to its unsubmitted purchase orders.

    Locks:  the caller holds the order and its purchase orders
    """
    if order.status in HOLDABLE:
        order.move(
            Order.Status.ON_HOLD,
            at=now,
            actor=actor,
            reason=reason.sentence,
            hold_reason=reason.sentence[:200],
        )
    unsent = order.purchase_orders.filter(
        submission_status__in=PurchaseOrder.UNSUBMITTED_STATES,
        status__in=PurchaseOrder.NOT_STARTED,
    )
    entry = reason.to_json()
    for purchase_order in unsent.order_by("pk"):
        if purchase_order.status == PurchaseOrder.Status.ON_HOLD:
            if entry not in purchase_order.hold_reasons:
                purchase_order.hold_reasons = [*purchase_order.hold_reasons, entry]
                purchase_order.save(update_fields=["hold_reasons"])
            continue
        purchase_order.move(
            PurchaseOrder.Status.ON_HOLD,
            at=now,
            actor=actor,
            reason=reason.sentence,
            hold_reasons=[entry],
        )


@transaction.atomic(durable=True)
def release_order(*, order: Order, reason: str, actor: str, now: datetime) -> Order:
    """Release a held order, and remove the order's hold reasons from its purchase orders.

    Locks:  the order, then its held purchase orders
    Raises: InvalidTransitionError  it is not on hold
    """
    order = Order.objects.select_for_update(of=["self"]).get(pk=order.pk)
    if order.status != Order.Status.ON_HOLD:
        raise order.refusal()
    resume_order(order, reason=reason, actor=actor, now=now)
    held_purchase_orders = order.purchase_orders.filter(status=PurchaseOrder.Status.ON_HOLD)
    for purchase_order in held_purchase_orders.select_for_update(of=["self"]).order_by("pk"):
        remove_reasons(
            purchase_order,
            lambda hold_reason: hold_reason["code"] in ORDER_LEVEL_CODES,
            reason=reason,
            actor=actor,
            now=now,
        )
    return order


@requires_transaction
def resume_order(order: Order, *, reason: str, actor: str, now: datetime) -> None:
    """Move a held order to ``processing`` if it has purchase orders, else to ``placed``.

    Locks:  the caller holds the order
    """
    has_purchase_orders = order.purchase_orders.exists()
    to = Order.Status.PROCESSING if has_purchase_orders else Order.Status.PLACED
    order.move(to, at=now, actor=actor, reason=reason, hold_reason="")


def remove_reasons(
    purchase_order: PurchaseOrder,
    is_resolved: Callable[[Mapping[str, str]], bool],
    *,
    reason: str,
    now: datetime,
    actor: str = "",
) -> bool:
    """Remove resolved hold reasons; return True if this released the purchase order.

    Nothing is removed if the purchase order changed since it was read.
    """
    current = purchase_order.hold_reasons
    remaining = [hold_reason for hold_reason in current if not is_resolved(hold_reason)]
    if remaining == current:
        return False
    if remaining:
        PurchaseOrder.objects.filter(
            pk=purchase_order.pk, status=PurchaseOrder.Status.ON_HOLD, hold_reasons=current
        ).update(hold_reasons=remaining)
        return False
    with suppress(ConcurrentUpdateError):  # staff released it, or it was canceled
        purchase_order.move(
            PurchaseOrder.Status.READY,
            at=now,
            actor=actor,
            reason=reason,
            expected=("hold_reasons",),
            hold_reasons=[],
        )
        return True
    return False


def release_resolved(*, now: datetime) -> int:
    """Remove hold reasons whose cause has ended; return how many purchase orders are released.

    Released purchase orders are checked again at submission. A reason is removed even if others
    stay, because it is no longer true.
    """
    pairs = ExchangeRate.objects.valid(now).values_list("base", "quote")
    known_rates = frozenset(f"{base}-{quote}" for base, quote in pairs)
    auto_released = Q()
    for code in AUTO_RELEASE_REASONS:
        auto_released |= Q(hold_reasons__contains=[{"code": code}])
    held = PurchaseOrder.objects.filter(auto_released, status=PurchaseOrder.Status.ON_HOLD)
    held = held.prefetch_related("lines__order_line__variant", "lines__offer__variant")
    return sum(
        _release_if_resolved(purchase_order, known_rates, now)
        for purchase_order in held.order_by("pk")
    )


def _release_if_resolved(
    purchase_order: PurchaseOrder, known_rates: frozenset[str], now: datetime
) -> bool:
    missing_certificates = _missing_certificates(purchase_order)
    connection = Connection.objects.filter(supplier=purchase_order.supplier_id).first()
    balance = connection.balance_amount if connection else None
    has_no_method = purchase_order.status_since > now - RECHECK_AFTER or was_rechecked(
        purchase_order
    )
    codes = {hold_reason["code"] for hold_reason in purchase_order.hold_reasons}
    return remove_reasons(
        purchase_order,
        lambda reason: (
            not _still_applies(
                reason, known_rates, missing_certificates, balance, has_no_method=has_no_method
            )
        ),
        reason="; ".join(
            AUTO_RELEASE_REASONS[code] for code in sorted(codes & AUTO_RELEASE_REASONS.keys())
        ),
        now=now,
    )


def was_rechecked(purchase_order: PurchaseOrder) -> bool:
    """Return whether shipping methods were requested again after the supplier had none."""
    return StatusChange.objects.filter(
        subject="orders.PurchaseOrder",
        subject_id=purchase_order.pk,
        status_field="status",
        from_status=PurchaseOrder.Status.ON_HOLD,
        reason__contains=AUTO_RELEASE_REASONS[NO_SHIPPING_METHOD],
    ).exists()


def _missing_certificates(purchase_order: PurchaseOrder) -> frozenset[str]:
    return frozenset(
        certificate_subject(line.sku, criterion)
        for line in purchase_order.lines.all()
        if line.is_active
        for criterion in line.offer.missing_requirements
    )


def _still_applies(
    reason: Mapping[str, str],
    known_rates: frozenset[str],
    missing_certificates: frozenset[str],
    balance: Decimal | None,
    *,
    has_no_method: bool,
) -> bool:
    if reason["code"] == NO_SHIPPING_METHOD:
        return has_no_method
    if reason["code"] == INSUFFICIENT_BALANCE:
        return balance is not None and balance < Decimal(reason["amount"])
    if reason["code"] == MISSING_RATE:
        return reason["subject"] not in known_rates
    if reason["code"] == MISSING_CERTIFICATE:
        return reason["subject"] in missing_certificates
    return True


# Decisions of staff

Status = PurchaseOrder.Status
KEY_FIELDS = ("code", "subject", "amount", "currency")


class NotHeldError(Exception):
    """The hold cannot be released; the message says why. Nothing is changed."""


def reason_key(reason: Mapping[str, Any]) -> str:
    """Return a key of one reason and amount: a stale page cannot waive a reason that got worse."""
    identity = json.dumps([reason.get(name, "") for name in KEY_FIELDS])
    return sha256(identity.encode()).hexdigest()[:20]


def waiver(reason: Mapping[str, Any], *, actor: str, now: datetime) -> dict[str, Any]:
    """Return the reason with the name of the waiving staff member and the time."""
    return {**reason, "by": actor[:100], "at": now.isoformat()}


@transaction.atomic(durable=True)
def waive(*, purchase_order: PurchaseOrder, key: str, actor: str, now: datetime) -> bool:
    """Waive one reason; return True if no reason remains. Raises if it is waived already.

    Locks:  the purchase order
    Raises: NotHeldError
    """
    locked = _locked(purchase_order)
    if locked.status != Status.ON_HOLD:
        raise NotHeldError(_not_held_message(locked, key))
    selected = [
        hold_reason for hold_reason in locked.hold_reasons if reason_key(hold_reason) == key
    ]
    if not selected:
        raise NotHeldError(_not_held_message(locked, key))
    remaining = [
        hold_reason for hold_reason in locked.hold_reasons if reason_key(hold_reason) != key
    ]
    other_waivers = [
        hold_reason for hold_reason in locked.waived_reasons if reason_key(hold_reason) != key
    ]
    waived = [*other_waivers, waiver(selected[0], actor=actor, now=now)]
    if remaining:
        locked.hold_reasons, locked.waived_reasons = remaining, waived
        locked.save(update_fields=["hold_reasons", "waived_reasons"])
        return False
    locked.move(
        Status.READY,
        at=now,
        actor=actor,
        reason=f"staff waived: {selected[0]['code']}",
        waived_reasons=waived,
        hold_reasons=[],
    )
    return True


@transaction.atomic(durable=True)
def recheck(*, purchase_order: PurchaseOrder, actor: str, now: datetime) -> None:
    """Release the purchase order so that the hold rules run again; waives nothing.

    Locks:  the purchase order
    Raises: NotHeldError  also if a reason does not come from the hold rules
    """
    locked = _locked(purchase_order)
    if locked.status != Status.ON_HOLD:
        raise NotHeldError(gettext("%s is no longer on hold. Reload the page.") % locked)
    if not can_recheck(locked.hold_reasons):
        raise NotHeldError(
            gettext(
                "%s has a hold reason that no automatic check can resolve. Waive the reason or "
                "cancel the purchase order."
            )
            % locked
        )
    locked.move(Status.READY, at=now, actor=actor, reason="staff: check again", hold_reasons=[])


def can_recheck(reasons: list[dict[str, Any]]) -> bool:
    """Return whether all reasons come from the hold rules, so that a check can remove them."""
    return all(reason["code"] in RULE_CODES for reason in reasons)


@requires_transaction
def _locked(purchase_order: PurchaseOrder) -> PurchaseOrder:
    return PurchaseOrder.objects.select_for_update(of=["self"]).get(pk=purchase_order.pk)


def _not_held_message(purchase_order: PurchaseOrder, key: str) -> str:
    waived_by = next(
        (
            waived_reason.get("by")
            for waived_reason in purchase_order.waived_reasons
            if reason_key(waived_reason) == key
        ),
        "",
    )
    message = (
        gettext("%s already waived this reason.")
        if waived_by
        else gettext("%s no longer has this hold reason. Reload the page.")
    )
    return message % (waived_by or purchase_order)


def waive_all(*, purchase_order: PurchaseOrder, actor: str, now: datetime) -> None:
    """Waive all current reasons and release the purchase order.

    A new reason holds it again, and so does the same reason with a higher amount.
    """
    waivers = [
        waiver(hold_reason, actor=actor, now=now) for hold_reason in purchase_order.hold_reasons
    ]
    all_waivers = [*purchase_order.waived_reasons, *waivers]
    waived = {(reason["code"], reason.get("subject", "")): reason for reason in all_waivers}
    codes = sorted({reason["code"] for reason in purchase_order.hold_reasons})
    purchase_order.move(
        Status.READY,
        at=now,
        actor=actor,
        reason="staff waived: " + ", ".join(codes),
        expected=("hold_reasons",),
        waived_reasons=list(waived.values()),
        hold_reasons=[],
    )
