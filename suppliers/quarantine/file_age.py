"""File age: store the dates of the last accepted file, compare the next file with them. Pure.

The newest row of a list may be sold out and missing from the next list. Then the next list is
newer, but its newest row is not. So a few of the newest rows are stored. An older file lists
them with earlier dates; a newer file lists them unchanged, or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from suppliers.connectors.bulk import FARTHEST_AHEAD, Shape
from suppliers.quarantine import guards


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """The dates of the last accepted file."""

    newest: datetime | None = None
    newest_rows: Mapping[str, datetime] = field(default_factory=dict)
    said_at: datetime | None = None


def of_profile(profile: Mapping[str, Any], *, names_changes: bool, now: datetime) -> Dated:
    """Return the dates to compare with; full lists and deltas are separate files."""
    if bool(profile.get("names_changes")) != names_changes:
        return Dated()
    newest = _moment(profile.get("newest"))
    if newest is not None and newest > now + FARTHEST_AHEAD:
        newest = None
    rows = {sku: datetime.fromisoformat(at) for sku, at in profile.get("newest_rows", {}).items()}
    return Dated(
        newest=newest,
        newest_rows=rows,
        said_at=_moment(profile.get("said_at")),
    )


def to_profile(now: Shape, last: Dated) -> dict[str, Any]:
    """Return what the next file is compared with; a file without dates keeps the old values.

    If staff apply an older file anyway, its date becomes the new baseline.
    """
    newest, newest_rows = now.newest, now.newest_rows
    if newest is None:
        newest, newest_rows = last.newest, last.newest_rows
    else:
        newest = _later(newest, last.newest)
    return {
        "newest": _written(newest),
        "newest_rows": {sku: at.isoformat() for sku, at in newest_rows.items()},
        "said_at": _written(_later(now.said_at, last.said_at)),
    }


def as_of(
    now: Shape, before: Mapping[str, Any], *, names_changes: bool, moment: datetime
) -> str | None:
    """Return the date of a file: not before the last accepted file, not in the future.

    Full lists are compared only with full lists: a delta is another file.
    """
    if now.made_at is None:
        return None
    is_comparable = names_changes or not before.get("names_changes")
    last = _moment(before.get("as_of")) if is_comparable else None
    return _written(min(moment, max(filter(None, (now.made_at, last)))))


def newest_was_dropped(
    now: Shape, last: Dated, *, listed: Callable[[AbstractSet[str]], AbstractSet[str]]
) -> bool:
    """Return whether the newest rows are missing, not older.

    If all known newest rows are missing, it is an older file.
    """
    newest = now.newest
    if newest is None or not guards.went_back(newest, last.newest):
        return False
    later = {sku for sku, at in last.newest_rows.items() if at > newest}
    if not later or len(later) == len(last.newest_rows):
        return False
    return not listed(later)


def _later(moment: datetime | None, last: datetime | None) -> datetime | None:
    """Return the later date, so that steps back within clock drift do not add up."""
    if moment is None or last is None:
        return moment or last
    return moment if guards.went_back(moment, last) else max(moment, last)


def _written(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _moment(written: str | None) -> datetime | None:
    return datetime.fromisoformat(written) if written else None
