"""Read NDJSON: one JSON object on each line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from catalog.records import BadRow
from suppliers.adapters.feed.formats.strict import NotStrictError, decoded
from suppliers.adapters.feed.limits import LONGEST_RECORD


def rows(path: Path, *, encoding: str) -> Iterator[dict[str, Any] | BadRow]:
    with path.open(encoding=encoding, errors="replace", newline="\n") as text:
        number = 0
        while line := text.readline(LONGEST_RECORD):
            number += 1
            if len(line) >= LONGEST_RECORD:
                while line and not line.endswith("\n"):
                    line = text.readline(LONGEST_RECORD)
                yield _bad(number, f"it is over {LONGEST_RECORD} characters long", "")
            elif line.strip():
                yield _row(number, line)


def _row(number: int, line: str) -> dict[str, Any] | BadRow:
    try:
        value = decoded(line)
    except NotStrictError as error:
        return _bad(number, str(error), line)
    return value if isinstance(value, dict) else _bad(number, "it is no object", line)


def _bad(number: int, reason: str, line: str) -> BadRow:
    return BadRow(
        row=f"line {number}",
        code="list-unreadable",
        message=f"The line cannot be read: {reason}.",
        raw={"start": line[:200].replace("\0", "")},
    )
