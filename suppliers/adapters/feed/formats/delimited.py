"""Read CSV and TSV: a row that cannot be read is one row lost, and not the file."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator, Sequence
from enum import Enum
from pathlib import Path
from typing import Any, Protocol

from catalog.records import BadRow
from suppliers.adapters.feed.limits import (
    LONGEST_RECORD,
    MOST_COLUMNS,
    MOST_RECORD_LINES,
    refused,
)

LONGEST_NAME = 200
QUOTED = re.compile(r'"[^"]*(?:""[^"]*)*"')


class Broken(str):
    """A line that opens a quote and never closes it, or never ends; and the reason."""

    __slots__ = ()


class Lines(Protocol):
    """Something that lines come out of."""

    def readline(self, limit: int, /) -> str: ...


class Records:
    """A file cut into rows: a quoted cell may run over several lines."""

    def __init__(self, text: Lines, *, delimiter: str) -> None:
        self._text = text
        self._delimiter = delimiter
        self._again: deque[str] = deque()
        self._line = 0  # of the last line that was taken
        self.begins = 0  # the line where the last record begins

    def __iter__(self) -> Iterator[str]:
        while line := self._next():
            self.begins = self._line
            if len(line) >= LONGEST_RECORD:
                self._skip_rest(line)
                yield Broken(f"The line is over {LONGEST_RECORD} characters long.")
            elif '"' not in line or quoting(line, self._delimiter) is not Quoting.OPEN:
                yield line
            else:
                yield self._closed(line)

    def _closed(self, first: str) -> str:
        """Take lines until the quote is closed; if it never is, read them for themselves."""
        taken = [first]
        size = len(first)
        while size < LONGEST_RECORD and len(taken) < MOST_RECORD_LINES and (more := self._next()):
            taken.append(more)
            size += len(more)
            if (
                '"' in more
                and (found := quoting("".join(taken), self._delimiter)) is not Quoting.OPEN
            ):
                if found is Quoting.CLOSED:
                    return "".join(taken)
                break
        self._again.extendleft(reversed(taken[1:]))
        self._line -= len(taken) - 1
        return Broken("A quote is opened and never closed.")

    def _next(self) -> str:
        line = self._again.popleft() if self._again else self._text.readline(LONGEST_RECORD)
        self._line += bool(line)
        return line

    def _skip_rest(self, line: str) -> None:
        while line and not line.endswith(("\n", "\r")):
            line = self._text.readline(LONGEST_RECORD)


class Quoting(Enum):
    """How the quotes in a piece of text stand."""

    CLOSED = 0
    OPEN = 1
    BROKEN = 2  # something stands between a closing quote and the next cell


def quoting(text: str, delimiter: str) -> Quoting:
    """Look whether a text is whole rows, as far as quotes tell."""
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


def rows(path: Path, *, encoding: str, delimiter: str) -> Iterator[dict[str, Any] | BadRow]:
    """Yield each row by its column names.

    Raises: PermanentError  there are no columns to go by
    """
    with path.open(encoding=encoding, errors="replace", newline="") as text:
        records = Records(text, delimiter=delimiter)
        headers: list[str] | None = None
        for record in records:
            if not record.strip():
                continue
            cells = _cells(record, delimiter)
            if headers is None:
                headers = _headers(cells)
            elif isinstance(cells, str):
                yield _bad(records.begins, cells, record)
            elif (len(cells) > len(headers) and any(cells[len(headers) :])) or len(cells) < len(
                headers
            ):
                message = f"The row has {len(cells)} cells, and there are {len(headers)} columns."
                yield _bad(records.begins, message, record)
            else:
                yield dict(zip(headers, cells, strict=False))


def _cells(record: str, delimiter: str) -> list[str] | str:
    """Cut a row; return the reason where it cannot be cut."""
    if isinstance(record, Broken):
        return str(record)
    if "\0" in record:
        return "The row holds a NUL character."
    try:
        return next(csv.reader((record,), delimiter=delimiter, strict=True))
    except csv.Error as error:
        return f"The row cannot be cut into cells: {error}."
    except StopIteration:
        return "The row is empty."


def _headers(cells: list[str] | str) -> list[str]:
    if isinstance(cells, str):
        raise refused("header", f"The first row should name the columns. {cells}")
    return named(cells)


def named(cells: Sequence[str]) -> list[str]:
    """Name each column once: of two equal names, the second is counted.

    Raises: PermanentError
    """
    if len(cells) > MOST_COLUMNS:
        raise refused("columns", f"There are {len(cells)} columns, {MOST_COLUMNS} are the most.")
    names: dict[str, int] = {}
    for place, cell in enumerate(cells, start=1):
        base = " ".join(cell.split())[:LONGEST_NAME] or f"column {place}"
        name, copies = base, 1
        while name in names:
            copies += 1
            name = f"{base} ({copies})"
        names[name] = place
    return list(names)


def _bad(line: int, message: str, record: str) -> BadRow:
    raw = {"start": record[:200].replace("\0", "")}
    return BadRow(row=f"line {line}", code="list-unreadable", message=message, raw=raw)
