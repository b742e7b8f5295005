"""Invariant registry: list all invariants, run their queries, return the findings."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from storefront.dashboard.invariants.claims import CLAIMS
from storefront.dashboard.invariants.customer_invoices import CUSTOMER_INVOICES
from storefront.dashboard.invariants.invariant import Invariant
from storefront.dashboard.invariants.listings import LISTINGS
from storefront.dashboard.invariants.messaging import MESSAGING
from storefront.dashboard.invariants.parcels import PARCELS
from storefront.dashboard.invariants.payments import PAYMENTS
from storefront.dashboard.invariants.purchase_orders import PURCHASE_ORDERS
from storefront.dashboard.invariants.returns import RETURNS
from storefront.dashboard.invariants.status_history import HISTORY
from storefront.dashboard.invariants.stock import STOCK
from storefront.dashboard.invariants.supplier_compliance import SUPPLIER_COMPLIANCE

INVARIANTS = (
    *STOCK,
    *PAYMENTS,
    *CUSTOMER_INVOICES,
    *PURCHASE_ORDERS,
    *CLAIMS,
    *RETURNS,
    *PARCELS,
    *MESSAGING,
    *LISTINGS,
    *SUPPLIER_COMPLIANCE,
    *HISTORY,
)
ROWS_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The result of one invariant; ``rows`` are the first of ``count`` violations."""

    invariant: Invariant
    count: int
    rows: tuple[dict[str, Any], ...]


def check_all(*, now: datetime) -> list[Finding]:
    """Run all invariants, one query each; a finding without rows means no violation."""
    return check_some(INVARIANTS, now=now)


def check_some(invariants: Iterable[Invariant], *, now: datetime) -> list[Finding]:
    """Run some invariants, in their order."""
    return [_check(invariant, now) for invariant in invariants]


def _check(invariant: Invariant, now: datetime) -> Finding:
    with connection.cursor() as cursor:
        cursor.execute(invariant.sql, {"now": now})
        names = [column.name for column in cursor.description or ()]
        rows = cursor.fetchmany(ROWS_SHOWN)
        return Finding(
            invariant=invariant,
            count=cursor.rowcount,
            rows=tuple(dict(zip(names, row, strict=True)) for row in rows),
        )
