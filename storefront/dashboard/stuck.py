"""Everything that waits for a person, what is due first before the rest, in one query."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from urllib.parse import quote

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.urls import reverse

from storefront.dashboard import due
from storefront.dashboard.cause import Cause
from storefront.dashboard.causes import CAUSES
from storefront.lib.money import Money

SHOWN_PER_CAUSE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One thing that waits. ``count`` is how many wait for the same cause.

    Shape:  ``due`` is until when a person should look; ``taken_by`` who said that he does
    """

    cause: Cause
    count: int
    row: int
    name: str
    url: str
    since: datetime | None
    at_risk: Money | None
    detail: str
    due: datetime | None
    is_late: bool
    taken_by: str
    taken_at: datetime | None


def find(*, causes: tuple[Cause, ...] = CAUSES, now: datetime, most: int = 0) -> list[Waiting]:
    """List what waits, what is due first before the rest.

    Of each cause the oldest rows, ``most`` or as many as the start page shows.

    Each row tells how many there are of its cause in all.
    """
    if not causes:
        return []
    by_code = {cause.code: cause for cause in causes}
    with connection.cursor() as cursor:
        cursor.execute(_query(causes, most or SHOWN_PER_CAUSE), {"now": now})
        rows = cursor.fetchall()
    found = [_waiting(by_code[code], now, *rest) for code, *rest in rows]
    return sorted(found, key=lambda row: (row.due is None, row.due, row.cause.code, row.row))


def causes_for(user: AbstractBaseUser | AnonymousUser) -> tuple[Cause, ...]:
    """Choose the causes whose rows this person may see."""
    return tuple(cause for cause in CAUSES if _may_see(user, cause))


def _may_see(user: AbstractBaseUser | AnonymousUser, cause: Cause) -> bool:
    app, model = cause.page.split("_")
    has_perm = getattr(user, "has_perm", None)
    return has_perm is not None and any(
        has_perm(f"{app}.{verb}_{model}") for verb in ("view", "change")
    )


def _query(causes: tuple[Cause, ...], most: int) -> str:
    parts = (
        f"""
        (SELECT '{cause.code}' AS code, count(*) OVER () AS total,
                id, name, since, amount, currency, detail, {cause.is_steady} AS is_steady
         FROM ({cause.sql}) AS waiting ORDER BY since, id LIMIT {most})
        """  # noqa: S608 - all parts are written in causes.py
        for cause in causes
    )
    found = " UNION ALL ".join(parts)
    return f"""
        SELECT found.*, t.by, t.at FROM ({found}) AS found
        LEFT JOIN dashboard_taken t ON t.cause = found.code AND t.row = found.id
          AND CASE WHEN found.is_steady AND found.since IS NOT NULL THEN t.at >= found.since
              ELSE t.at > %(now)s - interval '1 day' END
    """  # noqa: S608


def _waiting(  # noqa: PLR0913, PLR0917 - the columns of one row
    cause: Cause,
    now: datetime,
    total: int,
    row_id: int,
    name: str,
    since: datetime | None,
    amount: Decimal | None,
    currency: str,
    detail: str | None,
    _is_steady: bool,  # noqa: FBT001 - a column
    taken_by: str | None,
    taken_at: datetime | None,
) -> Waiting:
    if cause.filters:
        url = reverse(f"admin:{cause.page}_changelist")
        url = f"{url}?{cause.filters.format(name=quote(name))}"
    else:
        url = reverse(f"admin:{cause.page}_change", args=[row_id])
    until = since + due.within(cause.code) if since else None
    return Waiting(
        cause=cause,
        count=total,
        row=row_id,
        name=cause.named(name),
        url=url,
        since=since,
        at_risk=None if amount is None else Money(amount, currency),
        detail=cause.told(detail or ""),
        due=until,
        is_late=until is not None and until < now,
        taken_by=taken_by or "",
        taken_at=taken_at,
    )
