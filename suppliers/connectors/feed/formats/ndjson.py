"""NDJSON: read one JSON object per line."""

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from catalog.records import ImportIssue
from suppliers.connectors.feed.formats.strict_json import NotStrictError, decode
from suppliers.connectors.feed.limits import MAX_DEPTH, MAX_NUMBER_LENGTH, MAX_RECORD_LENGTH

OVERLONG_NUMBER = re.compile(rf"[0-9.eE+\-]{{{MAX_NUMBER_LENGTH + 1}}}")
FLAT_DECODER = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)


def rows(path: Path, *, encoding: str) -> Iterator[dict[str, Any] | ImportIssue]:
    with path.open(encoding=encoding, errors="replace", newline="\n") as text:
        number = 0
        while line := text.readline(MAX_RECORD_LENGTH):
            number += 1
            if len(line) >= MAX_RECORD_LENGTH:
                while line and not line.endswith("\n"):
                    line = text.readline(MAX_RECORD_LENGTH)
                yield _bad_row(number, f"longer than {MAX_RECORD_LENGTH} characters", "")
            elif (row := decode_flat(line)) is not None:
                yield row
            elif line.strip():
                yield _row(number, line)


def decode_flat(line: str) -> dict[str, Any] | None:
    """Decode an object of plain values; None if the line needs the strict decoder.

    A line has no duplicate keys if it has as many ``":`` as the object has keys. Escapes, very long
    numbers and all else that two parsers could read differently are left to the strict decoder.
    """
    if (
        "\\u" in line
        or " :" in line
        or "\t:" in line
        or "\r:" in line
        or OVERLONG_NUMBER.search(line)
    ):
        return None
    if line.count("[") > MAX_DEPTH:
        return None
    try:
        row = FLAT_DECODER.decode(line)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return None
    return row if line.count('":') == len(row) else None


def _row(number: int, line: str) -> dict[str, Any] | ImportIssue:
    try:
        value = decode(line)
    except NotStrictError as error:
        return _bad_row(number, str(error), line)
    return value if isinstance(value, dict) else _bad_row(number, "not an object", line)


def _bad_row(number: int, reason: str, line: str) -> ImportIssue:
    return ImportIssue(
        row=f"line {number}",
        code="list-unreadable",
        message=f"The line cannot be read: {reason}.",
        raw={"start": line[:200].replace("\0", "")},
    )
