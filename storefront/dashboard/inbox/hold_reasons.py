"""Hold reasons: parse why a purchase order is on hold, decide which reasons one click may waive."""

from __future__ import annotations

import json
from typing import Any

from django.utils.translation import gettext

from orders.models import PurchaseOrder
from orders.purchasing.holds import holds
from orders.purchasing.holds.rules import NO_BALANCE, NO_MARGIN, NO_WAY

# At worst we lose what the sentence says, or the supplier refuses it. All else may break a law,
# hurt somebody or lose the money, so that it is asked about first, and so is what is new here.
BY_ONE_CLICK = frozenset({"cost", "stock", "route", NO_MARGIN, NO_WAY, NO_BALANCE, "refused"})


def read(detail: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(detail or "[]")
    return found


def told(detail: str) -> str:
    return " ".join(reason["sentence"] for reason in read(detail))


def is_safe(reason: dict[str, Any]) -> bool:
    """Tell whether a person may let it pass without being asked: its sentence says the cost."""
    is_unknown = reason["code"] == NO_MARGIN and not reason.get("amount")
    return reason["code"] in BY_ONE_CLICK and not is_unknown


def insist_safe(purchase_order: PurchaseOrder, key: str) -> None:
    """Refuse to let a reason pass by a click that asks nothing.

    Raises: NotHeldError
    """
    for reason in purchase_order.hold_reasons:
        if holds.key_of(reason) == key and not is_safe(reason):
            words = gettext("Release it on its own page: it asks first.")
            raise holds.NotHeldError(words)
