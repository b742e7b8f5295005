"""COPY format: encode rows as the lines that PostgreSQL's COPY reads. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

NULL = "\\N"
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": None})


def escaped(text: str) -> str:
    """Write a text so that it stays in its cell; NUL, which PostgreSQL refuses, is left out."""
    return text.translate(_ESCAPES)


def line(values: Iterable[Any]) -> str:
    """Write one row: texts, numbers, flags, and None for nothing."""
    return "\t".join([_cell(value) for value in values]) + "\n"


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return escaped(value)
    if value is None:
        return NULL
    if isinstance(value, bool):
        return "t" if value else "f"
    return str(value)
