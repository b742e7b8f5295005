"""Header row: find the row that names the columns, below titles and group headings. Pure."""

import re
from collections.abc import Iterable, Sequence

from suppliers.connectors.feed.mapping.claim_labels import KNOWN_NAMES, known_name

ROWS_EXAMINED = 30  # rows; a price list has a few lines above its column names
MIN_KNOWN_NAMES = 2
_NUMBER = re.compile(r"[\s\d.,'’+-]*\d[\s\d.,'’]*")


def find(rows: Iterable[tuple[int, Sequence[str]]]) -> int:
    """Return the number of the row that names the columns.

    It is the first row, unless a later one has more known column names. A data row may contain
    such words too, as "Battery" and "LED", but it also has numbers.
    """
    best, most_known = 1, MIN_KNOWN_NAMES - 1
    for number, cells in rows:
        filled = [cell for cell in cells if cell.strip()]
        known = len({name for cell in filled if (name := known_name(cell)) in KNOWN_NAMES})
        is_data = 2 * known < len(filled) and any(map(_NUMBER.fullmatch, filled))
        if known > most_known and not is_data:
            best, most_known = number, known
    return best
