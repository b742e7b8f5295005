"""CSV tables: decode an uploaded file, find its columns, read its rows. Pure."""

import csv
import io
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

MAX_CHARS = 500_000  # characters
MAX_ROWS = 5_000
DELIMITERS = ";\t,|"


class CsvError(ValueError):
    """The list cannot be read; ``csv_import`` has a message for each code."""

    def __init__(self, code: str, about: object = "") -> None:
        super().__init__(f"{code} {about}")
        self.code, self.about = code, about


@dataclass(frozen=True, slots=True)
class CsvRow:
    """One row: its cells by field; the header is row 1."""

    row_number: int
    cells: Mapping[str, str]


def decode(content: bytes) -> str:
    """Decode bytes as UTF-8, else as Windows-1252."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def parse_rows(
    text: str, *, aliases: Mapping[str, Sequence[str]], required: Collection[str]
) -> list[CsvRow]:
    """Read the rows below a header; cells missing at the end of a row are empty.

    ``aliases`` maps a field to its accepted column names, in lower case; ``required`` are the
    fields that a header must have.

    Raises: CsvError: also for a row wider than its header, because an unquoted delimiter
    in a cell would shift values or truncate an amount.
    """
    text = text.replace("\x00", "").lstrip("\r\n")
    if len(text) > MAX_CHARS:
        raise CsvError("too_long")
    header_line, _separator, _body = text.partition("\n")
    delimiter = max(DELIMITERS, key=header_line.count)
    try:
        table = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        header = next(table, [])
        rows = list(_rows(table, _columns(header, aliases, required), width=len(header)))
    except csv.Error as error:
        raise CsvError("no_table", error) from error
    if len(rows) > MAX_ROWS:
        raise CsvError("too_many", MAX_ROWS)
    if not rows:
        raise CsvError("empty")
    return rows


def _columns(
    header: list[str], aliases: Mapping[str, Sequence[str]], required: Collection[str]
) -> Mapping[str, int]:
    names = [" ".join(name.replace("_", " ").casefold().split()) for name in header]
    columns = {
        field: names.index(alias)
        for field, spellings in aliases.items()
        for alias in reversed(spellings)
        if alias in names
    }
    if missing := [field for field in required if field not in columns]:
        expected = ", ".join(aliases[field][0] for field in missing)
        raise CsvError("no_column", expected)
    return columns


def _rows(
    table: Iterator[list[str]], columns: Mapping[str, int], *, width: int
) -> Iterator[CsvRow]:
    for number, cells in enumerate(table, start=2):
        if any(cell.strip() for cell in cells[width:]):
            raise CsvError("too_wide", number)
        if any(cell.strip() for cell in cells):
            values = {
                field: cells[index].strip().lstrip("'") if index < len(cells) else ""
                for field, index in columns.items()
            }
            yield CsvRow(number, values)
