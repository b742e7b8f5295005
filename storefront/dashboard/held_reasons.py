"""What holds a purchase order, as the inbox reads it, and what of it one click may let pass."""

from __future__ import annotations

import json
from typing import Any

from django.utils.translation import gettext

from orders import waiving
from orders.models import PurchaseOrder

# Goods would leave while nobody holds their money: the page of the order asks first.
ASKED_FIRST = frozenset({"payment", "disputed", "warned", "under_review"})


def read(detail: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(detail or "[]")
    return found


def told(detail: str) -> str:
    return " ".join(reason["sentence"] for reason in read(detail))


def is_safe(reason: dict[str, Any]) -> bool:
    """Tell whether a person may let it pass without being asked: its sentence says the cost."""
    return reason["code"] not in ASKED_FIRST


def insist_safe(purchase_order: PurchaseOrder, key: str) -> None:
    """Refuse to let a reason pass by a click that asks nothing.

    Raises: NotHeldError
    """
    for reason in purchase_order.hold_reasons:
        if waiving.key_of(reason) == key and not is_safe(reason):
            words = gettext("Release it on its own page: its money is not safe.")
            raise waiving.NotHeldError(words)
