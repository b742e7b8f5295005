"""Data file: unpack a supplier's file, detect its format, yield its rows."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from catalog.records import ImportIssue
from suppliers.connectors.feed.formats import (
    archives,
    delimited,
    detection,
    header_row,
    json_document,
    ndjson,
    xlsx,
    xml_document,
)
from suppliers.connectors.feed.formats.detection import Detected
from suppliers.connectors.feed.mapping.spec import Format, FormatOverrides

SAMPLE_ROWS = 100
NO_OVERRIDES = FormatOverrides()

Row = dict[str, Any]


class DataFile:
    def __init__(self, path: Path, *, detected: Detected, work: Path) -> None:
        self.path = path
        self.detected = detected
        self._work = work

    def rows(self, *, xpaths: Sequence[str] = ()) -> Iterator[Row | ImportIssue]:
        """Yield each row in the order of the file. Raises PermanentError."""
        detected = self.detected
        if detected.format is Format.XLSX:
            return xlsx.rows(
                self.path, sheet=detected.sheet, work=self._work, header_row=detected.header_row
            )
        if detected.format is Format.XML:
            xml_encoding = detected.encoding if detected.encoding == "cp1252" else ""
            return xml_document.rows(
                self.path, encoding=xml_encoding, item_path=detected.item_path, xpaths=xpaths
            )
        if detected.format is Format.JSON:
            return json_document.rows(
                self.path, encoding=detected.encoding, item_path=detected.item_path
            )
        if detected.format is Format.NDJSON:
            return ndjson.rows(self.path, encoding=detected.encoding)
        return delimited.rows(
            self.path,
            encoding=detected.encoding,
            delimiter=detected.delimiter,
            header_row=detected.header_row,
        )

    def find_header_row(self) -> int:
        """Return the row with the column names; 0 for a format without one."""
        detected = self.detected
        if detected.format is Format.XLSX:
            rows = xlsx.first_rows(self.path, sheet=detected.sheet, work=self._work)
        elif detected.format in {Format.CSV, Format.TSV}:
            rows = delimited.first_rows(
                self.path, encoding=detected.encoding, delimiter=detected.delimiter
            )
        else:
            return 0
        return header_row.find(islice(rows, header_row.ROWS_EXAMINED))

    def sample(self, count: int = 20, *, xpaths: Sequence[str] = ()) -> list[Row | ImportIssue]:
        return list(islice(self.rows(xpaths=xpaths), count))


def open_file(path: Path, *, work: Path, reading: FormatOverrides = NO_OVERRIDES) -> DataFile:
    """Unpack a file into ``work`` if needed, detect its format. Raises PermanentError."""
    work.mkdir(parents=True, exist_ok=True)
    unpacked, packed = archives.unpack(path, work=work)
    detected = detection.detect(unpacked, packed=packed, reading=reading)
    file = DataFile(unpacked, detected=detected, work=work)
    file.detected = replace(detected, header_row=reading.header_row or file.find_header_row())
    rows = [row for row in file.sample(SAMPLE_ROWS) if not isinstance(row, ImportIssue)]
    cells = (cell for row in rows for cell in row.values())
    file.detected = replace(
        file.detected,
        headers=tuple(dict.fromkeys(name for row in rows for name in row)),
        decimal=reading.decimal or detection.decimal_separator(cells),
    )
    return file
