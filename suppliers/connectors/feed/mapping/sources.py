"""Mapping sources: take a value from a row by column, JMESPath, XPath or constant. Pure."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError

from suppliers.connectors.feed.mapping.spec import Source

MAX_TEXT_LENGTH = 100_000

Row = Mapping[str, Any]
Getter = Callable[[Row], Any]


class Formula(str):
    """A formula of a spreadsheet, which we do not compute."""

    __slots__ = ()


def make_getter(source: Source | None) -> Getter:
    """Return the function that reads this source's value from a row; None where it is missing."""
    if source is None:
        return lambda _: None
    if source.constant:
        constant = source.constant
        return lambda _: constant
    if source.jmespath:
        return _searcher(source.jmespath)
    name = source.column or source.xpath
    return lambda row: row.get(name)


def _searcher(expression: str) -> Getter:
    compiled = jmespath.compile(expression)

    def search(row: Row) -> Any:
        try:
            return compiled.search(row)
        except (JMESPathError, ArithmeticError, TypeError, ValueError):
            return None  # such as a path that leads nowhere

    return search


def text(value: Any) -> str:
    """Return a value as text; of a list, the first text that is not empty."""
    if isinstance(value, str):
        return "" if isinstance(value, Formula) else value.strip()
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return _plain_text(value)
    if isinstance(value, list):
        return next((written for element in value if (written := text(element))), "")
    return "" if isinstance(value, dict) else str(value)


def _plain_text(number: Decimal) -> str:
    """Return 5.0 as 5: spreadsheets have no whole numbers. A huge exponent stays an exponent."""
    if number.is_finite() and abs(number.adjusted()) < 30:  # noqa: PLR2004
        return (
            f"{number:f}".rstrip("0").rstrip(".")
            if number % 1 == 0 and "." in f"{number:f}"
            else f"{number:f}"
        )
    return str(number)


def texts(value: Any, *, separator: str = "") -> list[str]:
    """Return the texts of a value: the entries of a list, or the pieces of a joined cell."""
    if isinstance(value, list):
        return [piece for element in value for piece in texts(element, separator=separator)]
    written = text(value)
    pieces = written.split(separator) if separator else [written]
    return [piece for element in pieces if (piece := element.strip())]
