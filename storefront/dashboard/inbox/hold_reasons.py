"""Hold reasons: parse why a purchase order is on hold, decide which reasons one click may waive."""

from __future__ import annotations

import json
from typing import Any

from django.utils.translation import gettext

from orders.models import PurchaseOrder
from orders.purchasing.holds import holds
from orders.purchasing.holds.rules import NO_BALANCE, NO_MARGIN, NO_WAY

# Reasons whose worst case is the stated loss, or a rejection by the supplier. All others, and new
# ones, may break a law, harm a person or lose the payment, so they need a confirmation.
BY_ONE_CLICK = frozenset({"cost", "stock", "route", NO_MARGIN, NO_WAY, NO_BALANCE, "refused"})


def read(detail: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(detail or "[]")
    return found


def told(detail: str) -> str:
    return " ".join(reason["sentence"] for reason in read(detail))


def is_safe(reason: dict[str, Any]) -> bool:
    """Test whether one click may waive a reason, because its text states the cost."""
    is_unknown = reason["code"] == NO_MARGIN and not reason.get("amount")
    return reason["code"] in BY_ONE_CLICK and not is_unknown


def insist_safe(purchase_order: PurchaseOrder, key: str) -> None:
    """Refuse to waive by one click a reason that needs confirmation.

    Raises: NotHeldError.
    """
    for reason in purchase_order.hold_reasons:
        if holds.key_of(reason) == key and not is_safe(reason):
            words = gettext(
                "This reason needs a confirmation. Release the hold on the purchase order page."
            )
            raise holds.NotHeldError(words)
