"""One difference as a comparison finds it, before it is a row."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Q

from orders.models import MoneyDifference

Kind = MoneyDifference.Kind
What = MoneyDifference.What


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What our books expect, and what was found.

    Shape:  ``subject`` names the thing that differs, the same whenever it is found again;
            ``found_currency`` is empty where it is the same; an amount is None where one side
            has nothing
    """

    kind: MoneyDifference.Kind
    subject: str
    currency: str
    expected: Decimal | None
    found: Decimal | None
    what: MoneyDifference.What = What.NONE
    found_currency: str = ""
    reference: str = ""
    order_id: int | None = None
    payment_id: int | None = None
    purchase_order_id: int | None = None
    supplier_id: int | None = None
    bill_id: int | None = None

    def key(self, part: str) -> str:
        return f"{part}:{self.subject}:{self.kind}:{self.what}"

    def amounts(self) -> dict[str, Any]:
        return {
            "expected_amount": self.expected,
            "found_amount": self.found,
            "currency": self.currency,
            "found_currency": self.found_currency or self.currency,
        }

    def about(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "what": self.what,
            "reference": self.reference[:120],
            "order_id": self.order_id,
            "payment_id": self.payment_id,
            "purchase_order_id": self.purchase_order_id,
            "supplier_id": self.supplier_id,
            "bill_id": self.bill_id,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What a comparison of one part found, and of how many.

    Shape:  ``left`` are the differences of which it could not tell whether they are gone
    """

    findings: list[Finding]
    count: int
    left: Q = field(default_factory=lambda: Q(pk__in=()))
    purchase_orders: tuple[int, ...] = ()  # whose bills were compared
