"""Read competitors' prices from JSON: a list of objects. Pure: no database, no clock, no network.

A stranger's list is read like a file: names as in its headings, and what we do not know is left
out. In our own words nothing is left out and nothing is guessed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from catalog.competitor_lines import (
    HEADINGS,
    MOST_LINES,
    BadCellError,
    Line,
    Refusal,
    UnreadableFileError,
    line_of,
)

LIST = "prices"


class Number(str):
    """A number as it is written: none becomes a float, and none is too large to be read."""

    __slots__ = ()


# Our own words, and what each of them holds.
WORDS: Mapping[str, type] = {
    "competitor": str,
    "sku": str,
    "gtin": str,
    "brand": str,
    "mpn": str,
    "price": str,
    "currency": str,
    "has_tax": bool,
    "url": str,
    "seen_at": str,
    "confidence": str,
}
NEEDED = ("competitor", "price", "currency", "seen_at")
LONGEST_COMPETITOR = 80
CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
KINDS: Mapping[type, str] = {str: "text", bool: "true or false"}
# A time without a zone is a guess.
MOMENT = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:\d\d)", re.ASCII
)


def read(text: str) -> Iterator[Line | Refusal]:
    """Yield each object of a list, or of the list ``prices`` of one object; counted from 1.

    Raises: UnreadableFileError  it is no such list, or too long
    """
    for number, row in _rows(text):
        try:
            cells = _cells(row)
        except BadCellError as error:
            yield Refusal(number, str(error))
        else:
            yield line_of(number, cells)


def read_strictly(text: str) -> Iterator[Line | Refusal]:
    """Yield what is told in our own words; a word that we do not know is a mistake.

    Raises: UnreadableFileError  it is no such list, or too long
    """
    for number, row in _rows(text):
        try:
            _insist(row)
            cells = _cells(row)
        except BadCellError as error:
            yield Refusal(number, str(error))
        else:
            yield line_of(number, cells)


def _rows(text: str) -> Iterator[tuple[int, Any]]:
    try:
        told = json.loads(text, parse_float=Number, parse_int=Number, parse_constant=Number)
    except (ValueError, RecursionError) as error:
        raise UnreadableFileError(f"It is no JSON: {error}"[:200]) from None
    rows = told.get(LIST) if isinstance(told, dict) else told
    if not isinstance(rows, list):
        raise UnreadableFileError(f"It is neither a list nor an object with a list {LIST!r}.")
    if len(rows) > MOST_LINES:
        raise UnreadableFileError(f"It has more than {MOST_LINES} lines: split it.")
    yield from enumerate(rows, start=1)


def _cells(row: Any) -> dict[str, str]:
    if not isinstance(row, dict):
        raise BadCellError("It is no object.")
    told: dict[str, tuple[str, Any]] = {}
    for word, value in row.items():
        told.setdefault(word.strip().casefold(), (word, value))
    # Of several spellings the first of the headings is read, in whatever order they come.
    return {
        name: _cell(*told[spelling])
        for name, spellings in HEADINGS.items()
        if (spelling := next((each for each in spellings if each in told), None)) is not None
    }


def _cell(word: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, (dict, list)):
        raise BadCellError(f"{word[:40]} is no text.")
    told = str(value).casefold() if isinstance(value, bool) else str(value)
    try:
        told.encode()
    except UnicodeEncodeError:  # half of a pair, which no database keeps
        raise BadCellError(f"{word[:40]} is no text.") from None
    return told.replace("\0", "").strip()


def _insist(row: Any) -> None:
    if not isinstance(row, dict):
        raise BadCellError("It is no object.")
    if unknown := sorted(row.keys() - WORDS.keys()):
        raise BadCellError(f"There is no field {unknown[0][:40]!a}.")
    if missing := [word for word in NEEDED if word not in row]:
        raise BadCellError(f"{missing[0]} is missing.")
    for word, value in row.items():
        if type(value) is not WORDS[word]:
            raise BadCellError(f"{word} is to be {KINDS[WORDS[word]]}.")
    if not MOMENT.fullmatch(row["seen_at"]):
        raise BadCellError("seen_at is to be written as 2026-11-24T12:00:00Z.")
    _insist_on_our_spelling(row)


def _insist_on_our_spelling(row: Mapping[str, Any]) -> None:
    """Refuse what a stranger may say in his way: we have said how it is written."""
    if "," in row["price"]:
        raise BadCellError("price is to be written as 1234.50, without a comma.")
    if not CURRENCY.fullmatch(row["currency"]):
        raise BadCellError("currency is to be three capital letters, such as EUR.")
    if len(row["competitor"]) > LONGEST_COMPETITOR:
        raise BadCellError(f"competitor is longer than {LONGEST_COMPETITOR} characters.")
    if not row.get("confidence", "1").strip():
        raise BadCellError("confidence is empty: leave it out, or write it as 0.9.")
