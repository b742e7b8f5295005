"""XLSX: stream the values of a sheet, compute no formula.

Shared strings have a table of their own, which may be as large as the sheet. A long table is kept
on disk.
"""

import sqlite3
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from itertools import batched, zip_longest
from pathlib import Path
from typing import Any

from lxml import etree

from catalog.records import ImportIssue
from suppliers.connectors.feed.formats.archives import ARCHIVE_ERRORS, open_entry, open_zip
from suppliers.connectors.feed.formats.delimited import unique_names
from suppliers.connectors.feed.limits import (
    CHUNK,
    MAX_COLUMNS,
    MAX_COMPRESSION_RATIO,
    MAX_NUMBER_LENGTH,
    MAX_UNPACKED_BYTES,
    RATIO_EXEMPT_BYTES,
    StallGuard,
    invalid_file,
)
from suppliers.connectors.feed.mapping.sources import Formula

MAIN = "{*}"
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
SHARED = "xl/sharedStrings.xml"
MAX_IN_MEMORY_BYTES = 4_000_000
MAX_TEXT_LENGTH = 100_000
BATCH = 5_000
BLOCK = 64
CACHED_BLOCKS = 256
ALPHABET_SIZE = 26
MAX_PLACE_DIGITS = 9
ELEMENTS = "{*}*"  # neither comments nor entities

StringLookup = Callable[[int], str]


def sheets(path: Path) -> list[tuple[str, str]]:
    """Return the names of the visible sheets, and their paths. Raises PermanentError."""
    with open_zip(path) as archive:
        targets = {
            link.get("Id"): link.get("Target", "")
            for link in _parse_small_part(archive, "xl/_rels/workbook.xml.rels").iter(
                f"{MAIN}Relationship"
            )
        }
        visible = []
        for sheet in _parse_small_part(archive, "xl/workbook.xml").iter(f"{MAIN}sheet"):
            target = targets.get(sheet.get(RELATION), "")
            part_path = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
            if sheet.get("state", "visible") == "visible":
                visible.append((str(sheet.get("name", ""))[:60], part_path))
    if not visible:
        raise invalid_file("xlsx-empty", "The spreadsheet has no visible sheet.")
    return visible


def first_rows(path: Path, *, sheet: str, work: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a sheet as texts, with their numbers. Raises PermanentError."""
    part_path = _part(path, sheet)
    with open_zip(path) as archive, closing(SharedStrings(archive, work=work)) as texts:
        for number, cells in _sheet(archive, part_path, texts.at):
            yield number, ["" if cell is None else str(cell) for cell in cells]


def _part(path: Path, sheet: str) -> str:
    part_path = dict(sheets(path)).get(sheet)
    if part_path is None:
        raise invalid_file("xlsx-sheet", f"The spreadsheet has no sheet {sheet[:60]!r}.")
    return part_path


def rows(
    path: Path, *, sheet: str, work: Path, header_row: int = 1
) -> Iterator[dict[str, Any] | ImportIssue]:
    """Yield each row below ``header_row`` by its column names. Raises PermanentError."""
    part_path = _part(path, sheet)
    headers: list[str] | None = None
    with open_zip(path) as archive, closing(SharedStrings(archive, work=work)) as texts:
        for number, cells in _sheet(archive, part_path, texts.at):
            if number < header_row or not any(cell not in {None, ""} for cell in cells):
                continue
            if headers is None:
                headers = unique_names(["" if cell is None else str(cell) for cell in cells])
            elif any(cell not in {None, ""} for cell in cells[len(headers) :]):
                message = f"The row has {len(cells)} cells, but there are {len(headers)} columns."
                yield ImportIssue(row=f"row {number}", code="list-unreadable", message=message)
            else:
                yield dict(zip_longest(headers, cells[: len(headers)]))


def _parse_small_part(archive: zipfile.ZipFile, name: str) -> Any:
    try:
        with open_entry(archive, archive.getinfo(name)) as part:
            content = part.read(RATIO_EXEMPT_BYTES + 1)
        if len(content) > RATIO_EXEMPT_BYTES:
            raise invalid_file("xlsx", f"The spreadsheet's {name} is too long.")
        return etree.fromstring(content, _parser())
    except (KeyError, etree.XMLSyntaxError, *ARCHIVE_ERRORS) as error:
        raise invalid_file("xlsx", f"The spreadsheet is damaged: {error}") from error


def _parser() -> Any:
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)


def _elements(archive: zipfile.ZipFile, name: str, tag: str) -> Iterator[Any]:
    """Yield each finished element of a part, and free it afterwards."""
    parser = etree.XMLPullParser(
        events=("end",),
        tag=f"{MAIN}{tag}",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
    )
    entry = archive.getinfo(name)
    max_bytes = min(
        MAX_UNPACKED_BYTES, RATIO_EXEMPT_BYTES + MAX_COMPRESSION_RATIO * entry.compress_size
    )
    read = 0
    try:
        with open_entry(archive, entry) as part:
            watched = StallGuard(part)
            while chunk := watched.read(CHUNK):
                read += len(chunk)
                if read > max_bytes:
                    raise invalid_file(
                        "archive-bomb",
                        f"The spreadsheet is too large: over {max_bytes} bytes unpacked.",
                    )
                parser.feed(chunk)
                element = None
                for _, element in parser.read_events():
                    yield element
                    element.clear()
                if element is not None:
                    watched.progressed()
                    parent = element.getparent()
                    if parent is not None:
                        del parent[: parent.index(element)]
            parser.close()
    except etree.XMLSyntaxError as error:
        raise invalid_file("xlsx", f"The spreadsheet is damaged: {error.msg}") from error
    except (zlib.error, zipfile.BadZipFile, EOFError) as error:
        raise invalid_file("broken-archive", f"The spreadsheet is damaged: {error}") from error


def _sheet(
    archive: zipfile.ZipFile, part_path: str, shared: StringLookup
) -> Iterator[tuple[int, list[Any]]]:
    try:
        archive.getinfo(part_path)
    except KeyError as error:
        raise invalid_file("xlsx", "The spreadsheet is damaged: its sheet is missing.") from error
    for position, row in enumerate(_elements(archive, part_path, "row"), start=1):
        cells: list[Any] = []
        for cell in row.iterchildren(ELEMENTS):
            column = _column(cell.get("r")) if cell.get("r") else len(cells)
            if not len(cells) <= column < MAX_COLUMNS:
                continue
            cells += [None] * (column - len(cells))
            cells.append(_value(cell, shared))
        yield _whole_number(row.get("r") or "", default=position), cells


def _column(reference: str) -> int:
    number = 0
    for letter in reference:
        if not "A" <= letter <= "Z":
            break
        number = number * ALPHABET_SIZE + ord(letter) - ord("A") + 1
    return number - 1


def _value(cell: Any, shared: StringLookup) -> Any:
    kind = cell.get("t", "n")
    content = ""
    for part in cell.iterchildren(ELEMENTS):
        name = part.tag.rpartition("}")[2]
        if name == "f":
            return Formula(f"={part.text or ''}"[:200])
        if name == "v":
            content = part.text or ""
        elif name == "is":
            content = "".join(text.text or "" for text in part.iter(f"{MAIN}t"))[:MAX_TEXT_LENGTH]
    if kind == "s":
        place = _whole_number(content, default=-1)
        return shared(place) if place >= 0 else ""
    if kind in {"str", "inlineStr", "d"}:
        return content
    if kind == "b":
        return content == "1"
    return None if kind == "e" or not content else _number(content)


def _whole_number(text: str, *, default: int) -> int:
    """Return a row number or a place in the shared strings; ``default`` if a file has nonsense."""
    return int(text) if text.isdecimal() and len(text) <= MAX_PLACE_DIGITS else default


def _number(text: str) -> Any:
    try:
        number = Decimal(text[:MAX_NUMBER_LENGTH])
    except InvalidOperation:
        return text
    return number if number.is_finite() else text


class SharedStrings:
    def __init__(self, archive: zipfile.ZipFile, *, work: Path) -> None:
        self._in_memory: list[str] = []
        self._on_disk: sqlite3.Connection | None = None
        self._block = lru_cache(maxsize=CACHED_BLOCKS)(self._read_block)
        if SHARED not in archive.namelist():
            return
        # A text in several fonts is in several pieces.
        texts = ("".join(part.text or "" for part in element.iter(f"{MAIN}t"))[:MAX_TEXT_LENGTH]
                 for element in _elements(archive, SHARED, "si"))  # fmt: skip
        if archive.getinfo(SHARED).file_size <= MAX_IN_MEMORY_BYTES:
            self._in_memory = list(texts)
            return
        self._on_disk = sqlite3.connect(work / "texts.sqlite")
        self._on_disk.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
            "DROP TABLE IF EXISTS texts; CREATE TABLE texts (number INTEGER PRIMARY KEY, content TEXT)"
        )
        for batch in batched(enumerate(texts), BATCH):
            self._on_disk.executemany("INSERT INTO texts VALUES (?, ?)", batch)
        self._on_disk.commit()

    def at(self, number: int) -> str:
        if self._on_disk is None:
            return self._in_memory[number] if number < len(self._in_memory) else ""
        block = self._block(number // BLOCK)
        offset = number % BLOCK
        return block[offset] if offset < len(block) else ""

    def _read_block(self, block: int) -> list[str]:
        """Read a block at once: neighboring cells usually have neighboring strings."""
        if self._on_disk is None:
            return []
        rows = self._on_disk.execute(
            "SELECT content FROM texts WHERE number >= ? AND number < ? ORDER BY number",
            (block * BLOCK, (block + 1) * BLOCK),
        )
        return [text for (text,) in rows]

    def close(self) -> None:
        if self._on_disk is not None:
            self._on_disk.close()
