"""Strict JSON: decode a text, reject what two parsers could read differently. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NoReturn

from suppliers.connectors.feed.limits import DEEPEST, LONGEST_NUMBER

BRACKETS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[{]|[\]}]')
HALF = re.compile(r"\\u[dD][89abAB-fF]")


class NotStrictError(ValueError):
    """The text is no JSON, or ambiguous JSON; the message says why."""


def decoded(text: str) -> Any:
    """Decode a text; numbers with a fraction are decimals.

    Raises: NotStrictError
    """
    if _depth(text) > DEEPEST:
        raise NotStrictError(f"nested more than {DEEPEST} levels deep")
    try:
        value = json.loads(
            text,
            object_pairs_hook=unique,
            parse_constant=_refused_constant,
            parse_float=_decimal,
            parse_int=_integer,
        )
    except NotStrictError:
        raise
    except (ValueError, RecursionError, ArithmeticError) as error:
        raise NotStrictError(f"not valid JSON: {error}") from error
    if HALF.search(text):
        _refuse_halves(value)
    return value


def unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise NotStrictError("the same key occurs twice")
    return found


def _depth(text: str) -> int:
    if text.count("[") + text.count("{") <= DEEPEST:
        return 0
    depth = deepest = 0
    for sign in BRACKETS.finditer(text):
        if sign[0] in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif sign[0] in "]}":
            depth -= 1
    return deepest


def _refused_constant(word: str) -> NoReturn:
    raise NotStrictError(f"{word} is not a number")


def _decimal(digits: str) -> Decimal:
    _refuse_long(digits)
    return Decimal(digits)


def _integer(digits: str) -> int:
    _refuse_long(digits)
    return int(digits)


def _refuse_long(digits: str) -> None:
    if len(digits) > LONGEST_NUMBER:
        raise NotStrictError(f"a number has {len(digits)} digits")


def _refuse_halves(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError as error:
        raise NotStrictError("it contains an incomplete character") from error
