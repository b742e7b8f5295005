"""Feed limits: define the largest sizes that a file may have, reject a file beyond them. Pure."""

from typing import Protocol

from storefront.lib.http.errors import PermanentError

MAX_FETCHED_BYTES = 1_000_000_000
MAX_UNPACKED_BYTES = 4_000_000_000
MAX_COMPRESSION_RATIO = 200
RATIO_EXEMPT_BYTES = 1_000_000  # may be unpacked at any ratio
MAX_ENTRIES = 1_000
MAX_COLUMNS = 1_000
MAX_RECORD_LENGTH = 200_000  # characters of one row of text
MAX_RECORD_LINES = 200
MAX_ITEM_BYTES = 4_000_000
MAX_DEPTH = 32
MAX_NUMBER_LENGTH = 40
CHUNK = 64 * 1024
PROBE_BYTES = 300_000


def invalid_file(code: str, message: str) -> PermanentError:
    """Return the error for a file that cannot be read; no data of the supplier changes."""
    return PermanentError(message, code=f"feed-{code}")


class ByteSource(Protocol):
    def read(self, size: int, /) -> bytes: ...


class StallGuard:
    """A file being parsed; fails when too many bytes were read without a parsed item."""

    def __init__(self, file: ByteSource) -> None:
        self._file = file
        self._since_last = 0

    def read(self, size: int = CHUNK) -> bytes:
        chunk = self._file.read(size)
        self._since_last += len(chunk)
        if self._since_last > MAX_ITEM_BYTES:
            raise invalid_file(
                "item-too-long", f"A value or row is larger than {MAX_ITEM_BYTES} bytes."
            )
        return chunk

    def progressed(self) -> None:
        self._since_last = 0
