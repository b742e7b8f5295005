"""Strict JSON: decode a text, reject what two parsers could read differently. Pure."""

import json
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NoReturn

from suppliers.connectors.feed.limits import MAX_DEPTH, MAX_NUMBER_LENGTH

BRACKETS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[{]|[\]}]')
SURROGATE = re.compile(r"\\u[dD][89abAB-fF]")


class NotStrictError(ValueError):
    """The text is no JSON, or ambiguous JSON; the message says why."""


def decode(text: str) -> Any:
    """Decode a text; numbers with a fraction are decimals. Raises NotStrictError."""
    if _depth(text) > MAX_DEPTH:
        raise NotStrictError(f"nested more than {MAX_DEPTH} levels deep")
    try:
        value = json.loads(
            text,
            object_pairs_hook=reject_duplicate_keys,
            parse_constant=_reject_constant,
            parse_float=_decimal,
            parse_int=_integer,
        )
    except NotStrictError:
        raise
    except (ValueError, RecursionError, ArithmeticError) as error:
        raise NotStrictError(f"not valid JSON: {error}") from error
    if SURROGATE.search(text):
        _check_surrogates(value)
    return value


def reject_duplicate_keys(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise NotStrictError("the same key occurs twice")
    return members


def _depth(text: str) -> int:
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return 0
    depth = deepest = 0
    for bracket in BRACKETS.finditer(text):
        if bracket[0] in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif bracket[0] in "]}":
            depth -= 1
    return deepest


def _reject_constant(word: str) -> NoReturn:
    raise NotStrictError(f"{word} is not a number")


def _decimal(digits: str) -> Decimal:
    _check_length(digits)
    return Decimal(digits)


def _integer(digits: str) -> int:
    _check_length(digits)
    return int(digits)


def _check_length(digits: str) -> None:
    if len(digits) > MAX_NUMBER_LENGTH:
        raise NotStrictError(f"a number has {len(digits)} digits")


def _check_surrogates(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError as error:
        raise NotStrictError("it contains an incomplete character") from error
