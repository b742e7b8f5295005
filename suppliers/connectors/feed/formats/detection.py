"""Format detection: find the format, encoding, delimiter and decimal separator of a file."""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import StringIO
from itertools import islice
from pathlib import Path

from suppliers.connectors.feed.formats import encoding as format_encoding
from suppliers.connectors.feed.formats import json_document, xlsx, xml_document
from suppliers.connectors.feed.formats.archives import ZIP, is_workbook
from suppliers.connectors.feed.formats.delimited import MalformedRecord, Records
from suppliers.connectors.feed.formats.encoding import Utf8Stream
from suppliers.connectors.feed.limits import CHUNK, MAX_RECORD_LENGTH, invalid_file
from suppliers.connectors.feed.mapping.spec import Format, FormatOverrides

DELIMITERS = "\t;|,"
SAMPLE_RECORDS = 50
MAX_NUL_SHARE = 0.05
WITH_COMMA = re.compile(r"\D{0,4}\d{1,3}(?:\.?\d{3})*,\d{1,2}\D{0,4}")
WITH_POINT = re.compile(r"\D{0,4}\d{1,3}(?:,?\d{3})*\.\d{1,2}\D{0,4}")
MAX_NUMBER_LENGTH = 24
# The first bytes of files that are no feeds, whatever their name says.
OTHER_FORMATS = {
    b"%PDF": "a PDF document",
    b"\xd0\xcf\x11\xe0": "an old Excel or Word document",
    b"\x89PNG": "an image",
    b"\xff\xd8\xff": "an image",
    b"GIF8": "an image",
    b"{\\rtf": "a text document",
}
WEB_PAGE = re.compile(r"<(?:!doctype html|html|head|body)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Detected:
    """How a file is written, as shown to staff.

    Shape:  ``item_path`` leads to the rows in JSON (``data.products``) and XML
            (``catalog/product``); ``headers`` are the names of a row's values; ``header_row``
            is the number of the table row that contains them, 0 in other formats
    """

    format: Format
    packed: str = ""
    encoding: str = ""
    delimiter: str = ""
    decimal: str = "."
    item_path: str = ""
    sheet: str = ""
    header_row: int = 0
    headers: tuple[str, ...] = ()


def detect(path: Path, *, packed: str, reading: FormatOverrides) -> Detected:
    """Detect the format; what staff set overrides it. Raises PermanentError: it is no feed."""
    with path.open("rb") as file:
        start = file.read(CHUNK)
    if not start.strip():
        raise invalid_file("empty", "The file is empty.")
    for signature, name in OTHER_FORMATS.items():
        if start.startswith(signature):
            message = f"This is {name}, not a table. Save it as CSV or XLSX."
            raise invalid_file("other-format", message)
    if start.startswith(ZIP):
        return _workbook(path, packed=packed, reading=reading)
    encoding = (
        format_encoding.standard_name(reading.encoding)
        if reading.encoding
        else format_encoding.detect_encoding(path)
    )
    text = _text(path, encoding)
    if text.count("\0") > MAX_NUL_SHARE * len(text):
        raise invalid_file("binary", "The encoding of the file is not recognized.")
    if WEB_PAGE.match(text.lstrip()[:50]):
        raise invalid_file("web-page", "This is a web page, not a feed. It may be a sign-in page.")
    kind = Format(reading.format) if reading.format else _format(path, text, encoding=encoding)
    if kind is Format.XML:
        xml_document.reject_doctype(text)
        return _xml(path, start, encoding=encoding, packed=packed, reading=reading)
    if kind is Format.JSON:
        return Detected(
            format=kind,
            packed=packed,
            encoding=encoding,
            item_path=reading.item_path or _array(path, encoding),
        )
    delimiter = ""
    if kind in {Format.CSV, Format.TSV}:
        delimiter = reading.delimiter or (
            "\t" if kind is Format.TSV else _delimiter(path, encoding)
        )
        kind = Format.TSV if delimiter == "\t" else Format.CSV
    return Detected(format=kind, packed=packed, encoding=encoding, delimiter=delimiter)


def _text(path: Path, encoding: str) -> str:
    with path.open("rb") as file:
        return Utf8Stream(file, encoding=encoding).read(CHUNK).decode("utf-8", "replace")


def _workbook(path: Path, *, packed: str, reading: FormatOverrides) -> Detected:
    if not is_workbook(path):
        raise invalid_file("archive-nested", "The archive contains another archive.")
    names = [name for name, _ in xlsx.sheets(path)]
    return Detected(format=Format.XLSX, packed=packed, sheet=reading.sheet or names[0])


def _xml(
    path: Path, start: bytes, *, encoding: str, packed: str, reading: FormatOverrides
) -> Detected:
    """Use the encoding that the document declares, unless staff set one."""
    set_encoding = reading.encoding and encoding
    if not set_encoding and not xml_document.declared_encoding(start) and encoding == "cp1252":
        set_encoding = encoding
    return Detected(
        format=Format.XML,
        packed=packed,
        encoding=set_encoding or xml_document.declared_encoding(start) or encoding,
        item_path=reading.item_path or xml_document.item_path(path, encoding=set_encoding),
    )


def _format(path: Path, text: str, *, encoding: str) -> Format:
    start = text.lstrip("\ufeff \t\r\n")
    if start.startswith("<"):
        return Format.XML
    if start.startswith("["):
        return Format.JSON
    if start.startswith("{"):
        return _json_format(path, start, encoding=encoding)
    return Format.CSV


def _json_format(path: Path, start: str, *, encoding: str) -> Format:
    _, _, following = start.partition("\n")
    if following.lstrip().startswith("{"):
        return Format.NDJSON
    # The sample cannot distinguish one document from NDJSON with one line, or with a long one.
    return Format.JSON if json_document.item_paths(path, encoding=encoding) else Format.NDJSON


def _array(path: Path, encoding: str) -> str:
    counts = json_document.item_paths(path, encoding=encoding)
    if not counts:
        raise invalid_file("json-rows", "The document contains no list of objects.")
    best = max(counts, key=lambda location: (counts[location], -len(location)))
    return ".".join(best)


def _delimiter(path: Path, encoding: str) -> str:
    """Return the delimiter that splits most rows into as many cells as the first one."""
    with path.open(encoding=encoding, errors="replace", newline="") as text:
        lines = [
            line
            for line in islice(
                iter(lambda: text.readline(MAX_RECORD_LENGTH), ""), 4 * SAMPLE_RECORDS
            )
            if line.strip()
        ]
    if not lines:
        raise invalid_file("empty", "The file is empty.")
    return max(DELIMITERS, key=lambda delimiter: _fit(lines, delimiter))


def _fit(lines: Sequence[str], delimiter: str) -> tuple[float, int]:
    """Return the share of rows with the usual number of cells, and this number.

    It is the number of the first row, or, if that has one cell, of most rows.
    """
    counts = Counter(
        _count_cells(record, delimiter)
        for record in islice(
            Records(StringIO("".join(lines), newline=""), delimiter=delimiter), SAMPLE_RECORDS
        )
        if not isinstance(record, MalformedRecord)
    )
    if not counts:
        return (0.0, 0)
    columns = _count_cells(lines[0], delimiter)
    if columns == 1:
        ((columns, _),) = counts.most_common(1)
    if columns == 1:
        return (0.0, 0)
    return (counts[columns] / counts.total(), columns)


def _count_cells(record: str, delimiter: str) -> int:
    try:
        return len(next(csv.reader((record,), delimiter=delimiter), []))
    except csv.Error:  # a cell is too long
        return 1


def decimal_separator(cells: Iterable[object]) -> str:
    """Return the decimal separator of most cells; a point if they are undecided."""
    with_comma = with_point = 0
    for cell in cells:
        if isinstance(cell, str) and len(cell) <= MAX_NUMBER_LENGTH:
            with_comma += WITH_COMMA.fullmatch(cell.strip()) is not None
            with_point += WITH_POINT.fullmatch(cell.strip()) is not None
    return "," if with_comma > with_point else "."
