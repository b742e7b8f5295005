"""COPY format: encode rows as the lines that PostgreSQL's COPY reads. Pure."""

from collections.abc import Iterable
from typing import Any

NULL = "\\N"
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": None})


def escape(text: str) -> str:
    """Escape a text for one cell; drops NUL, which PostgreSQL refuses."""
    return text.translate(_ESCAPES)


def encode_row(values: Iterable[Any]) -> str:
    """Return one line for a row of texts, numbers, booleans and None."""
    return "\t".join([_cell(value) for value in values]) + "\n"


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return escape(value)
    if value is None:
        return NULL
    if isinstance(value, bool):
        return "t" if value else "f"
    return str(value)
