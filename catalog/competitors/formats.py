"""Price list formats: detect the format of a competitor price list, choose its reader. Pure.

A new format, such as that of a price monitoring service, needs one module with a reader and one
entry in ``READERS``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from catalog.competitors import csv_format, json_format
from catalog.competitors.csv_format import Line, Refusal
from catalog.enums import Dialect


class Reader(Protocol):
    """Parses one format."""

    def __call__(self, text: str) -> Iterator[Line | Refusal]:
        """Yield each line, valid or rejected, in file order.

        Raises: UnreadableFileError  the file is no price list
        """
        ...


READERS: Mapping[Dialect, Reader] = {
    Dialect.CSV: csv_format.read,
    Dialect.JSON: json_format.read,
    Dialect.OURS: json_format.read_strictly,
}


def recognized(text: str) -> Dialect:
    """Return the format of an uploaded file."""
    return Dialect.JSON if text.lstrip("\ufeff \t\r\n")[:1] in {"[", "{"} else Dialect.CSV
