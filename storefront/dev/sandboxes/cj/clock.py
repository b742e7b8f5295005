"""The moment, in the several ways the dialect writes it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

BEIJING = timezone(timedelta(hours=8))


def stamp(unix_s: float | None) -> str | None:
    """Write a moment as order pages do: UTC, without saying so."""
    if unix_s is None:
        return None
    return datetime.fromtimestamp(unix_s, UTC).strftime("%Y-%m-%d %H:%M:%S")


def iso(unix_s: float) -> str:
    """Write a moment as the authentication pages do, in Beijing's time."""
    return datetime.fromtimestamp(unix_s, BEIJING).isoformat(timespec="seconds")
