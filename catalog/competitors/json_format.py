"""JSON price lists: parse competitor prices from a list of objects. Pure.

An external list has the field names of a CSV file, and unknown fields are ignored. In our own
format an unknown field or a different spelling is an error.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from catalog.competitors.csv_format import (
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
    """A number as written, so that it neither becomes a float nor overflows."""

    __slots__ = ()


# The fields of our own format and their types.
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
KINDS: Mapping[type, str] = {str: "to_be_text", bool: "to_be_true_or_false"}
# A time without a zone is ambiguous.
MOMENT = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:\d\d)", re.ASCII
)


def read(text: str) -> Iterator[Line | Refusal]:
    """Yield each object of a list, or of the list ``prices`` in an object; counted from 1.

    Raises: UnreadableFileError  no such list, or too long
    """
    for number, row in _rows(text):
        try:
            cells = _cells(row)
        except BadCellError as error:
            yield Refusal(number, error.code, error.values)
        else:
            yield line_of(number, cells)


def read_strictly(text: str) -> Iterator[Line | Refusal]:
    """Yield each object in our own format; an unknown field is an error.

    Raises: UnreadableFileError  no such list, or too long
    """
    for number, row in _rows(text):
        try:
            _insist(row)
            cells = _cells(row)
        except BadCellError as error:
            yield Refusal(number, error.code, error.values)
        else:
            yield line_of(number, cells)


def _rows(text: str) -> Iterator[tuple[int, Any]]:
    try:
        told = json.loads(text, parse_float=Number, parse_int=Number, parse_constant=Number)
    except (ValueError, RecursionError) as error:
        raise UnreadableFileError("no_json", problem=str(error)[:150]) from None
    rows = told.get(LIST) if isinstance(told, dict) else told
    if not isinstance(rows, list):
        raise UnreadableFileError("no_list", name=LIST)
    if len(rows) > MOST_LINES:
        raise UnreadableFileError("too_many", most=MOST_LINES)
    yield from enumerate(rows, start=1)


def _cells(row: Any) -> dict[str, str]:
    if not isinstance(row, dict):
        raise BadCellError("no_object")
    told: dict[str, tuple[str, Any]] = {}
    for word, value in row.items():
        told.setdefault(word.strip().casefold(), (word, value))
    # Of several spellings, the first of the headings is used, in any order.
    return {
        name: _cell(*told[spelling])
        for name, spellings in HEADINGS.items()
        if (spelling := next((each for each in spellings if each in told), None)) is not None
    }


def _cell(word: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, (dict, list)):
        raise BadCellError("no_text", word=word[:40])
    told = str(value).casefold() if isinstance(value, bool) else str(value)
    try:
        told.encode()
    except UnicodeEncodeError:  # an unpaired surrogate, which the database rejects
        raise BadCellError("no_text", word=word[:40]) from None
    return told.replace("\0", "").strip()


def _insist(row: Any) -> None:
    if not isinstance(row, dict):
        raise BadCellError("no_object")
    if unknown := sorted(row.keys() - WORDS.keys()):
        raise BadCellError("no_field", word=ascii(unknown[0][:40]))
    if missing := [word for word in NEEDED if word not in row]:
        raise BadCellError("missing", word=missing[0])
    for word, value in row.items():
        if type(value) is not WORDS[word]:
            raise BadCellError(KINDS[WORDS[word]], word=word)
    if not MOMENT.fullmatch(row["seen_at"]):
        raise BadCellError("no_moment")
    _insist_on_our_spelling(row)


def _insist_on_our_spelling(row: Mapping[str, Any]) -> None:
    """Reject spellings that external lists may use: our own format defines one."""
    if "," in row["price"]:
        raise BadCellError("comma")
    if not CURRENCY.fullmatch(row["currency"]):
        raise BadCellError("currency_spelling")
    if len(row["competitor"]) > LONGEST_COMPETITOR:
        raise BadCellError("competitor_length", most=LONGEST_COMPETITOR)
    if not row.get("confidence", "1").strip():
        raise BadCellError("confidence_empty")
