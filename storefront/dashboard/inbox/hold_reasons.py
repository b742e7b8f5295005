"""Hold reasons: parse why a purchase order is on hold, decide which reasons one click may waive."""

import json
from typing import Any

from django.utils.translation import gettext

from orders.models import PurchaseOrder
from orders.purchasing.holds import holds
from orders.purchasing.holds.rules import (
    INSUFFICIENT_BALANCE,
    INSUFFICIENT_MARGIN,
    NO_SHIPPING_METHOD,
)

# Reasons whose worst case is the stated loss, or a rejection by the supplier. All others, and new
# ones, may break a law, harm a person or lose the payment, so they need a confirmation.
ONE_CLICK_CODES = frozenset(
    {
        "cost",
        "stock",
        "route",
        INSUFFICIENT_MARGIN,
        NO_SHIPPING_METHOD,
        INSUFFICIENT_BALANCE,
        "refused",
    }
)


def parse(detail: str) -> list[dict[str, Any]]:
    reasons: list[dict[str, Any]] = json.loads(detail or "[]")
    return reasons


def as_text(detail: str) -> str:
    return " ".join(reason["sentence"] for reason in parse(detail))


def is_safe(reason: dict[str, Any]) -> bool:
    """Return whether one click may waive a reason, because its text states the cost."""
    is_unknown = reason["code"] == INSUFFICIENT_MARGIN and not reason.get("amount")
    return reason["code"] in ONE_CLICK_CODES and not is_unknown


def require_safe(purchase_order: PurchaseOrder, key: str) -> None:
    """Refuse to waive by one click a reason that needs confirmation. Raises NotHeldError."""
    for reason in purchase_order.hold_reasons:
        if holds.reason_key(reason) == key and not is_safe(reason):
            message = gettext(
                "This reason needs a confirmation. Release the hold on the purchase order page."
            )
            raise holds.NotHeldError(message)
