"""CSV export: write lines whose cells no spreadsheet computes. Pure."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable

# What a spreadsheet would compute instead of show.
STARTS_A_FORMULA = ("=", "+", "-", "@")
NUMBER = re.compile(r"\+[0-9 ]+|-[0-9]+([.,][0-9]+)?")  # a phone number, an amount
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")


class _Echo:
    """Returns each written line, so that a file of any length is never held."""

    @staticmethod
    def write(line: str) -> str:
        return line


_WRITER = csv.writer(_Echo())


def csv_line(cells: Iterable[object]) -> str:
    """Write one line. Every export writes its lines here, so no cell becomes a formula."""
    line: str = _WRITER.writerow(["" if cell is None else _harmless(str(cell)) for cell in cells])
    return line


def _harmless(cell: str) -> str:
    """Keep a cell on one line, and show it as text unless it is a plain number."""
    plain = _CONTROL.sub(" ", cell).strip()
    is_formula = plain.startswith(STARTS_A_FORMULA) and not NUMBER.fullmatch(plain)
    return f"'{plain}" if is_formula else plain
