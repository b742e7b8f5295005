"""Header row: find the row that names the columns, below titles and group headings. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from suppliers.connectors.feed.mapping.claim_labels import KNOWN_NAMES, known_name

LOOKED_AT = 30  # rows; a price list has a few lines above its column names
MIN_KNOWN = 2


def find(rows: Iterable[tuple[int, Sequence[str]]]) -> int:
    """Return the number of the row that names the columns.

    The first row does, unless a later one holds more names that suppliers give their columns.
    """
    best, most = 1, MIN_KNOWN - 1
    for number, cells in rows:
        known = len({name for cell in cells if (name := known_name(cell)) in KNOWN_NAMES})
        if known > most:
            best, most = number, known
    return best
