"""Invariant registry: list all invariants, run their queries, return the findings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from storefront.dashboard.invariants.claims import CLAIMS
from storefront.dashboard.invariants.invariant import Invariant
from storefront.dashboard.invariants.listings import SUPPLY
from storefront.dashboard.invariants.messaging import NEWS
from storefront.dashboard.invariants.parcels import PARCELS
from storefront.dashboard.invariants.payments import MONEY
from storefront.dashboard.invariants.purchase_orders import PURCHASES
from storefront.dashboard.invariants.returns import RETURNS
from storefront.dashboard.invariants.status_history import HISTORY
from storefront.dashboard.invariants.stock import STOCK
from storefront.dashboard.invariants.supplier_compliance import VETTING

INVARIANTS = (
    *STOCK,
    *MONEY,
    *PURCHASES,
    *CLAIMS,
    *RETURNS,
    *PARCELS,
    *NEWS,
    *SUPPLY,
    *VETTING,
    *HISTORY,
)
ROWS_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The result of one invariant; ``rows`` are the first of ``count`` violations."""

    invariant: Invariant
    count: int
    rows: tuple[dict[str, Any], ...]


def check(*, now: datetime) -> list[Finding]:
    """Run all invariants, one query each; a finding without rows means no violation."""
    return ask(INVARIANTS, now=now)


def ask(invariants: Iterable[Invariant], *, now: datetime) -> list[Finding]:
    """Run some invariants, in their order."""
    return [_ask(invariant, now) for invariant in invariants]


def _ask(invariant: Invariant, now: datetime) -> Finding:
    with connection.cursor() as cursor:
        cursor.execute(invariant.sql, {"now": now})
        names = [column.name for column in cursor.description or ()]
        rows = cursor.fetchmany(ROWS_SHOWN)
        return Finding(
            invariant=invariant,
            count=cursor.rowcount,
            rows=tuple(dict(zip(names, row, strict=True)) for row in rows),
        )
