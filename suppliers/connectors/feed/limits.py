"""Feed limits: define the largest sizes that a file may have, reject a file beyond them. Pure."""

from __future__ import annotations

from typing import Protocol

from storefront.lib.http.errors import PermanentError

MOST_FETCHED_BYTES = 1_000_000_000
MOST_UNPACKED_BYTES = 4_000_000_000
MOST_RATIO = 200
FREE_BYTES = 1_000_000  # may be unpacked at any ratio
MOST_ENTRIES = 1_000
MOST_COLUMNS = 1_000
LONGEST_RECORD = 200_000  # characters of one row of text
MOST_RECORD_LINES = 200
LONGEST_ITEM_BYTES = 4_000_000
DEEPEST = 32
LONGEST_NUMBER = 40
CHUNK = 64 * 1024
PROBE_BYTES = 300_000


def refused(code: str, message: str) -> PermanentError:
    """Return the error for a file that cannot be read; no data of the supplier changes."""
    return PermanentError(message, code=f"feed-{code}")


class Source(Protocol):
    """A source of bytes."""

    def read(self, size: int, /) -> bytes: ...


class Watched:
    """A file being parsed; fails when too many bytes were read without a parsed item."""

    def __init__(self, file: Source) -> None:
        self._file = file
        self._since_last = 0

    def read(self, size: int = CHUNK) -> bytes:
        chunk = self._file.read(size)
        self._since_last += len(chunk)
        if self._since_last > LONGEST_ITEM_BYTES:
            raise refused(
                "item-too-long", f"A value or row is larger than {LONGEST_ITEM_BYTES} bytes."
            )
        return chunk

    def progressed(self) -> None:
        self._since_last = 0
