"""CSV export: write lines whose cells no spreadsheet evaluates, restore the cells. Pure."""

import csv
import re
from collections.abc import Iterable

BYTE_ORDER_MARK = "\ufeff"  # without it, spreadsheets read a CSV file as Windows-1252

# A spreadsheet evaluates a cell that starts with one of these.
FORMULA_PREFIXES = ("=", "+", "-", "@")
NUMBER = re.compile(r"\+[0-9 ]+|-[0-9]+([.,][0-9]+)?")  # a phone number or an amount
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")


class _Echo:
    """File object whose ``write`` returns the line, so that no file is kept in memory."""

    @staticmethod
    def write(line: str) -> str:
        return line


_WRITER = csv.writer(_Echo())


def csv_line(cells: Iterable[object]) -> str:
    """Return one CSV line with formulas escaped. Every export uses it."""
    line: str = _WRITER.writerow(
        ["" if cell is None else escape_formula(str(cell)) for cell in cells]
    )
    return line


def escape_formula(cell: str) -> str:
    """Return a cell on one line, escaped unless it is a plain number."""
    plain = _CONTROL.sub(" ", cell).strip()
    is_formula = plain.startswith(FORMULA_PREFIXES) and not NUMBER.fullmatch(plain)
    return f"'{plain}" if is_formula else plain


# The beginning of a text that a spreadsheet may evaluate, with any apostrophes before it.
_EVALUATED = re.compile(r"'*[\t\r]|[\s']*[=+\-@]")
_ESCAPED = re.compile(rf"'(?={_EVALUATED.pattern})")


def lossless_csv_line(cells: Iterable[str]) -> str:
    """Return one CSV line with formulas escaped; ``unescape`` restores each cell unchanged."""
    line: str = _WRITER.writerow([f"'{cell}" if _EVALUATED.match(cell) else cell for cell in cells])
    return line


def unescape(cell: str) -> str:
    """Return a cell without the apostrophe that keeps a spreadsheet from evaluating it."""
    return cell[1:] if _ESCAPED.match(cell) else cell
