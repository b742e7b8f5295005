"""File age: store the dates of the last accepted file, compare the next file with them. Pure.

The newest row of a list may be sold out and missing from the next list. Then the next list is
newer, but its newest row is not. So a few of the newest rows are stored. An older file lists
them with earlier dates; a newer file lists them unchanged, or not at all.
"""

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from suppliers.connectors.bulk import MAX_UTC_OFFSET, FileProfile
from suppliers.quarantine import guards


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDates:
    """The dates of the last accepted file."""

    newest: datetime | None = None
    latest_rows: Mapping[str, datetime] = field(default_factory=dict)
    stated_at: datetime | None = None


def from_profile(profile: Mapping[str, Any], *, is_delta: bool, now: datetime) -> FileDates:
    """Return the dates to compare with; full lists and deltas are separate files."""
    if bool(profile.get("is_delta")) != is_delta:
        return FileDates()
    newest = _from_iso(profile.get("newest"))
    if newest is not None and newest > now + MAX_UTC_OFFSET:
        newest = None
    rows = {sku: datetime.fromisoformat(at) for sku, at in profile.get("latest_rows", {}).items()}
    return FileDates(newest=newest, latest_rows=rows, stated_at=_from_iso(profile.get("stated_at")))


def to_profile(profile: FileProfile, last: FileDates) -> dict[str, Any]:
    """Return what the next file is compared with; a file without dates keeps the old values."""
    newest, latest_rows = profile.newest, profile.latest_rows
    if newest is None:
        newest, latest_rows = last.newest, last.latest_rows
    else:
        newest = _later(newest, last.newest)
    return {
        "newest": _to_iso(newest),
        "latest_rows": {sku: at.isoformat() for sku, at in latest_rows.items()},
        "stated_at": _to_iso(_later(profile.stated_at, last.stated_at)),
    }


def as_of(
    profile: FileProfile, before: Mapping[str, Any], *, is_delta: bool, now: datetime
) -> str | None:
    """Return the date of a file: not before the last comparable file, not in the future."""
    if profile.made_at is None:
        return None
    is_comparable = is_delta or not before.get("is_delta")
    last = _from_iso(before.get("as_of")) if is_comparable else None
    return _to_iso(min(now, max(filter(None, (profile.made_at, last)))))


def newest_was_dropped(
    profile: FileProfile, last: FileDates, *, listed: Callable[[AbstractSet[str]], AbstractSet[str]]
) -> bool:
    """Return whether only some of the newest rows are missing: then the file is not older."""
    newest = profile.newest
    if newest is None or not guards.is_older_than(newest, last.newest):
        return False
    later = {sku for sku, at in last.latest_rows.items() if at > newest}
    if not later or len(later) == len(last.latest_rows):
        return False
    return not listed(later)


def _later(moment: datetime | None, last: datetime | None) -> datetime | None:
    """Return ``moment``, or a later ``last`` within clock drift, so that drifts do not add up."""
    if moment is None or last is None:
        return moment or last
    return moment if guards.is_older_than(moment, last) else max(moment, last)


def _to_iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _from_iso(written: str | None) -> datetime | None:
    return datetime.fromisoformat(written) if written else None
