"""Price list formats: detect the format of a competitor price list, choose its reader. Pure.

A new format, such as that of a price monitoring service, needs one module with a reader and one
entry in ``PARSERS``.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from catalog.competitors import csv_format, json_format
from catalog.competitors.csv_format import PriceLine, RejectedLine
from catalog.enums import ListFormat

# A parser yields each line, valid or rejected, in file order, or raises ``UnreadableFileError``.
PARSERS: Mapping[ListFormat, Callable[[str], Iterator[PriceLine | RejectedLine]]] = {
    ListFormat.CSV: csv_format.parse,
    ListFormat.JSON: json_format.parse,
    ListFormat.OURS: partial(json_format.parse, is_strict=True),
}


def detect_format(text: str) -> ListFormat:
    return ListFormat.JSON if text.lstrip("\ufeff \t\r\n")[:1] in {"[", "{"} else ListFormat.CSV
