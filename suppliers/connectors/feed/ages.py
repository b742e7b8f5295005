"""Tell how old a file is, from what others say of it. Pure, but for the clock's own words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

# Before that nobody wrote such a file: a server without a clock, or a build without times.
EARLIEST_S = datetime(2000, 1, 1, tzinfo=UTC).timestamp()
MINUTE_S = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Age:
    """What is known of when a file was made.

    Shape:  ``written_at`` is what his server says; ``given_at`` when a person handed it in, or
            says that it was made: the file may be older
    """

    written_at: datetime | None = None
    given_at: datetime | None = None

    @property
    def said_at(self) -> datetime | None:
        """What others say of it, whatever is in it."""
        return self.written_at or self.given_at

    def made_at(self, *, newest: datetime | None) -> datetime | None:
        """Believe his server; where it is silent the file may be as old as its newest row."""
        if self.written_at is not None:
            return self.written_at
        return min(filter(None, (self.given_at, newest)), default=None)


UNKNOWN = Age()


def of_answer(headers: Mapping[str, str], *, modified: str, now_s: float) -> Age:
    """Read when a file was written that came over the web.

    A server whose clock is ahead of ours writes files in our future: that is taken off. One whose
    clock is late only makes a file older than it is.

    Shape:  ``modified`` is what this answer, or the one that brought the file, says of it
    """
    written_s, says_s = _seconds(modified), _seconds(headers.get("date", ""))
    if written_s is None:
        return UNKNOWN
    ahead_s = max(0, round(((says_s or now_s) - now_s) / MINUTE_S) * MINUTE_S)
    return Age(written_at=datetime.fromtimestamp(written_s - ahead_s, UTC))


def of_stamp(written_s: float | None) -> Age:
    """Read when a file was written, as a file system tells it."""
    if written_s is None or written_s < EARLIEST_S:
        return UNKNOWN
    return Age(written_at=datetime.fromtimestamp(written_s, UTC))


def _seconds(text: str) -> float | None:
    try:
        seconds = parsedate_to_datetime(text).timestamp() if text else 0.0
    except (ValueError, OverflowError):
        return None
    return seconds if seconds >= EARLIEST_S else None
