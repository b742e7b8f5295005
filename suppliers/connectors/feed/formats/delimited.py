"""CSV and TSV: cut a file into rows.

A row that cannot be read is reported and skipped.
"""

import csv
import re
from collections import deque
from collections.abc import Iterator, Sequence
from enum import Enum
from pathlib import Path
from typing import Any, Protocol

from catalog.records import ImportIssue
from storefront.lib.staff.csv_export import unescape
from suppliers.connectors.feed.limits import (
    MAX_COLUMNS,
    MAX_RECORD_LENGTH,
    MAX_RECORD_LINES,
    invalid_file,
)
from suppliers.connectors.feed.mapping.fields import is_total

TOTAL_ROW = "list-total-row"
MAX_NAME_LENGTH = 200
MAX_CELL_LENGTH = 131_072  # the limit of the csv module
# Possessive quantifiers: the first half of a doubled quote never counts as the closing quote.
QUOTED = re.compile(r'"[^"]*+(?:""[^"]*+)*+"')


class MalformedRecord(str):
    """The reason why a record is unreadable: its quote is never closed, or it is too long."""

    __slots__ = ()


class LineSource(Protocol):
    def readline(self, limit: int, /) -> str: ...


class Records:
    """The rows of a file: a quoted cell may span several lines."""

    def __init__(self, text: LineSource, *, delimiter: str) -> None:
        self._text = text
        self._delimiter = delimiter
        self._pending: deque[str] = deque()
        self.number = 0  # of the last line that was read
        self.begins = 0  # the line where the last record begins

    @property
    def is_settled(self) -> bool:
        """Whether each line that was read belongs to a record already yielded."""
        return not self._pending

    def give_back(self, line: str, *, number: int) -> None:
        self._pending.appendleft(line)
        self.number = number - 1

    def __iter__(self) -> Iterator[str]:
        while line := self._next():
            self.begins = self.number
            if len(line) >= MAX_RECORD_LENGTH:
                self._skip_rest(line)
                yield MalformedRecord(f"The line is longer than {MAX_RECORD_LENGTH} characters.")
            elif '"' not in line or quoting(line, self._delimiter) is not Quoting.OPEN:
                yield line
            else:
                yield self._read_to_closing_quote(line)

    def _read_to_closing_quote(self, first: str) -> str:
        """Return the lines up to the closing quote; without one, put back all but the first."""
        lines = [first]
        size = len(first)
        while (
            size < MAX_RECORD_LENGTH
            and len(lines) < MAX_RECORD_LINES
            and (next_line := self._next())
        ):
            lines.append(next_line)
            size += len(next_line)
            if (
                '"' in next_line
                and (state := quoting("".join(lines), self._delimiter)) is not Quoting.OPEN
            ):
                if state is Quoting.CLOSED:
                    return "".join(lines)
                break
        self._pending.extendleft(reversed(lines[1:]))
        self.number -= len(lines) - 1
        return MalformedRecord("A quote is not closed.")

    def _next(self) -> str:
        line = self._pending.popleft() if self._pending else self._text.readline(MAX_RECORD_LENGTH)
        self.number += bool(line)
        return line

    def _skip_rest(self, line: str) -> None:
        while line and not line.endswith(("\n", "\r")):
            line = self._text.readline(MAX_RECORD_LENGTH)


class Quoting(Enum):
    CLOSED = 0
    OPEN = 1
    BROKEN = 2  # text between a closing quote and the next delimiter


def quoting(text: str, delimiter: str) -> Quoting:
    """Return whether a text consists of complete rows, judged by its quotes."""
    at = 0
    while True:
        if text.startswith('"', at):
            quoted = QUOTED.match(text, at)
            if quoted is None:
                return Quoting.OPEN
            at = quoted.end()
            if text[at : at + 1] not in {delimiter, "\r", "\n", ""}:
                return Quoting.BROKEN
        at = text.find(delimiter, at) + 1
        if at == 0:
            return Quoting.CLOSED


def rows(
    path: Path, *, encoding: str, delimiter: str, header_row: int = 1
) -> Iterator[dict[str, Any] | ImportIssue]:
    """Yield each row by its column names. Raises PermanentError: there are none."""
    headers, cell_rows = cells(path, encoding=encoding, delimiter=delimiter, header_row=header_row)
    for row in cell_rows:
        yield dict(zip(headers, row, strict=False)) if isinstance(row, list) else row


def first_rows(path: Path, *, encoding: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that can be split into cells, with the number of their first line."""
    for line, row, _ in _split_records(path, encoding=encoding, delimiter=delimiter):
        if isinstance(row, list):
            yield line, row


def cells(
    path: Path, *, encoding: str, delimiter: str, header_row: int = 1
) -> tuple[list[str], Iterator[list[str] | ImportIssue]]:
    """Return the column names, and the cells of each row: one per name, or more.

    Lines above ``header_row`` are skipped.

    Raises: PermanentError  there are no column names
    """
    records = _split_records(path, encoding=encoding, delimiter=delimiter)
    for line, first, _ in records:
        if line < header_row:
            continue
        headers = _headers(first)
        return headers, _check_width(records, len(headers))
    return [], iter(())


def _check_width(
    records: Iterator[tuple[int, list[str] | str, str]], width: int
) -> Iterator[list[str] | ImportIssue]:
    for line, row, record in records:
        if isinstance(row, str):
            yield _bad_row(line, row, record)
        elif len(row) != width and (len(row) < width or any(row[width:])):
            message = f"The row has {len(row)} cells, but there are {width} columns."
            yield total_row(f"line {line}") if is_total(row) else _bad_row(line, message, record)
        else:
            yield [unescape(cell) for cell in row] if "'" in record else row


def _split_records(
    path: Path, *, encoding: str, delimiter: str
) -> Iterator[tuple[int, list[str] | str, str]]:
    """Yield each row: the number of its first line, its cells or an error text, its raw text.

    Fast for lines without quotes, and for lines whose quotes enclose whole cells. Only other lines
    need ``Records``.
    """
    mark = re.escape(delimiter)
    quoted = r'"[^"]*(?:""[^"]*)*"'
    is_row = re.compile(rf'(?:{quoted}|[^"{mark}]*)(?:{mark}(?:{quoted}|[^"{mark}]*))*').fullmatch
    with path.open(encoding=encoding, errors="replace", newline="") as text:
        records = Records(text, delimiter=delimiter)
        slow_records = iter(records)
        quoted_lines: list[str] = []
        quoted_rows = csv.reader(iter(quoted_lines.pop, None), delimiter=delimiter, strict=True)
        number = 0
        while line := text.readline(MAX_RECORD_LENGTH):
            number += 1
            content = line.rstrip("\r\n")
            if len(line) < MAX_CELL_LENGTH and "\0" not in line:
                if not content or content.isspace():
                    continue
                if '"' not in line:
                    yield number, content.split(delimiter), line
                    continue
                if is_row(content):
                    quoted_lines.append(line)
                    yield number, next(quoted_rows), line
                    continue
            records.give_back(line, number=number)
            for record in slow_records:
                if record.strip():
                    yield records.begins, _cells(record, delimiter), record
                if records.is_settled:
                    break
            number = records.number


def _cells(record: str, delimiter: str) -> list[str] | str:
    if isinstance(record, MalformedRecord):
        return str(record)
    if "\0" in record:
        return "The row contains a NUL character."
    try:
        return next(csv.reader((record,), delimiter=delimiter, strict=True))
    except csv.Error as error:
        return f"The row cannot be split into cells: {error}."
    except StopIteration:
        return "The row is empty."


def _headers(cells: list[str] | str) -> list[str]:
    if isinstance(cells, str):
        raise invalid_file("header", f"The first row must contain the column names. {cells}")
    return unique_names(cells)


def unique_names(cells: Sequence[str]) -> list[str]:
    """Return unique column names: repeated names are numbered.

    Raises: PermanentError
    """
    if len(cells) > MAX_COLUMNS:
        raise invalid_file(
            "columns", f"There are {len(cells)} columns; at most {MAX_COLUMNS} are allowed."
        )
    names: dict[str, int] = {}
    for number, cell in enumerate(cells, start=1):
        base = " ".join(cell.split())[:MAX_NAME_LENGTH] or f"column {number}"
        name, copies = base, 1
        while name in names:
            copies += 1
            name = f"{base} ({copies})"
        names[name] = number
    return list(names)


def total_row(row_name: str) -> ImportIssue:
    message = "The row is a total of other rows and is skipped."
    return ImportIssue(row=row_name, code=TOTAL_ROW, message=message, is_fatal=False)


def _bad_row(line: int, message: str, record: str) -> ImportIssue:
    raw = {"start": record[:200].replace("\0", "")}
    return ImportIssue(row=f"line {line}", code="list-unreadable", message=message, raw=raw)
