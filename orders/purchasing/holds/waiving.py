"""Settle one reason for which a purchase order is held: let it pass, or have it looked at anew."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.db import transaction
from django.utils.translation import gettext

from orders.models import PurchaseOrder
from orders.purchasing.holds.rules import CHECKS
from storefront.lib.db.transactions import needs_transaction

Status = PurchaseOrder.Status
SAID = ("code", "subject", "amount", "currency")


class NotHeldError(Exception):
    """It is not held for this, or not any more: the words say so. Nothing is written."""


def key_of(reason: Mapping[str, Any]) -> str:
    """Name one reason, this bad and no worse: a page that is a minute old means no other one."""
    said = json.dumps([reason.get(name, "") for name in SAID])
    return sha256(said.encode()).hexdigest()[:20]


def noted(reason: Mapping[str, Any], *, actor: str, now: datetime) -> dict[str, Any]:
    """Write down who let a reason pass, and when."""
    return {**reason, "by": actor[:100], "at": now.isoformat()}


@transaction.atomic(durable=True)
def waive(*, purchase_order: PurchaseOrder, key: str, actor: str, now: datetime) -> bool:
    """Let one reason pass as it was seen; tell whether nothing holds it any more.

    It stays on hold while other reasons stand. Pressed twice it is done once.

    Locks:  the purchase order
    Raises: NotHeldError
    """
    row = _locked(purchase_order)
    if row.status != Status.ON_HOLD:
        raise NotHeldError(_gone(row, key))
    passed = [each for each in row.hold_reasons if key_of(each) == key]
    if not passed:
        raise NotHeldError(_gone(row, key))
    left = [each for each in row.hold_reasons if key_of(each) != key]
    kept = [each for each in row.waived_reasons if key_of(each) != key]
    waived = [*kept, noted(passed[0], actor=actor, now=now)]
    if left:
        row.hold_reasons, row.waived_reasons = left, waived
        row.save(update_fields=["hold_reasons", "waived_reasons"])
        return False
    row.move(
        Status.READY,
        at=now,
        actor=actor,
        reason=f"staff waived: {passed[0]['code']}",
        waived_reasons=waived,
        hold_reasons=[],
    )
    return True


@transaction.atomic(durable=True)
def check_again(*, purchase_order: PurchaseOrder, actor: str, now: datetime) -> None:
    """Have the gate look at it anew; nothing is waived, and what still stands holds it again.

    Locks:  the purchase order
    Raises: NotHeldError  also where something else than the gate holds it
    """
    row = _locked(purchase_order)
    if row.status != Status.ON_HOLD:
        raise NotHeldError(gettext("%s is not on hold any more.") % row)
    if not can_check(row.hold_reasons):
        raise NotHeldError(gettext("%s is held for what no check can answer.") % row)
    row.move(Status.READY, at=now, actor=actor, reason="staff: check it again", hold_reasons=[])


def can_check(reasons: list[dict[str, Any]]) -> bool:
    """Tell whether all of it is what the gate found, so that the gate can find that it is gone."""
    return all(reason["code"] in CHECKS for reason in reasons)


@needs_transaction
def _locked(purchase_order: PurchaseOrder) -> PurchaseOrder:
    return PurchaseOrder.objects.select_for_update(of=["self"]).get(pk=purchase_order.pk)


def _gone(row: PurchaseOrder, key: str) -> str:
    by = next((each.get("by") for each in row.waived_reasons if key_of(each) == key), "")
    words = (
        gettext("%s let this pass already.") if by else gettext("%s is not held for this any more.")
    )
    return words % (by or row)


def release_hold(*, purchase_order: PurchaseOrder, actor: str, now: datetime) -> None:
    """Send it all the same: the present reasons are waived as they are.

    A new reason holds it again, and so does the same one when it costs more than was seen.
    """
    passed = [noted(each, actor=actor, now=now) for each in purchase_order.hold_reasons]
    kept = [*purchase_order.waived_reasons, *passed]
    waived = {(reason["code"], reason.get("subject", "")): reason for reason in kept}
    codes = sorted({reason["code"] for reason in purchase_order.hold_reasons})
    purchase_order.move(
        Status.READY,
        at=now,
        actor=actor,
        reason="staff waived: " + ", ".join(codes),
        as_seen=("hold_reasons",),
        waived_reasons=list(waived.values()),
        hold_reasons=[],
    )
