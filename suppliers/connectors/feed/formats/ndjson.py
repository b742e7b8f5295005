"""NDJSON: read one JSON object per line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from catalog.records import BadRow
from suppliers.connectors.feed.formats.strict_json import NotStrictError, decoded
from suppliers.connectors.feed.limits import DEEPEST, LONGEST_NUMBER, LONGEST_RECORD

ENDLESS = re.compile(rf"[0-9.eE+\-]{{{LONGEST_NUMBER + 1}}}")
FLAT = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)


def rows(path: Path, *, encoding: str) -> Iterator[dict[str, Any] | BadRow]:
    with path.open(encoding=encoding, errors="replace", newline="\n") as text:
        number = 0
        while line := text.readline(LONGEST_RECORD):
            number += 1
            if len(line) >= LONGEST_RECORD:
                while line and not line.endswith("\n"):
                    line = text.readline(LONGEST_RECORD)
                yield _bad(number, f"longer than {LONGEST_RECORD} characters", "")
            elif (row := flat(line)) is not None:
                yield row
            elif line.strip():
                yield _row(number, line)


def flat(line: str) -> dict[str, Any] | None:
    """Decode an object of plain values; None where the strict decoder has to decide.

    No duplicate keys: the number of keys equals that of quotes before a colon. Escapes, endless
    numbers and all else that two parsers could read differently are left to the strict decoder.
    """
    if "\\u" in line or " :" in line or "\t:" in line or "\r:" in line or ENDLESS.search(line):
        return None
    if line.count("[") > DEEPEST:
        return None
    try:
        found = FLAT.decode(line)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return None
    return found if line.count('":') == len(found) else None


def _row(number: int, line: str) -> dict[str, Any] | BadRow:
    try:
        value = decoded(line)
    except NotStrictError as error:
        return _bad(number, str(error), line)
    return value if isinstance(value, dict) else _bad(number, "not an object", line)


def _bad(number: int, reason: str, line: str) -> BadRow:
    return BadRow(
        row=f"line {number}",
        code="list-unreadable",
        message=f"The line cannot be read: {reason}.",
        raw={"start": line[:200].replace("\0", "")},
    )
