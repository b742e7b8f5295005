"""Feed files: write files of any length in every feed format, without holding them in memory."""

import json
import zipfile
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import TextIO
from xml.sax.saxutils import escape

COLUMNS = (
    "SKU", "EAN", "Name", "Brand", "Category", "Price", "Stock", "Weight", "Image", "Description",
)  # fmt: skip
SPREADSHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"

Row = tuple[str, ...]


def rows(count: int, *, first: int = 0) -> Iterator[Row]:
    for number in range(first, first + count):
        yield (
            f"SKU-{number:08}",
            f"{2_000_000_000_000 + number}",
            f"Rechargeable headlamp number {number} with red light",
            f"Brand {number % 97}",
            "Outdoor > Lights > Headlamps",
            f"{10 + number % 9000 / 100:.2f}",
            str(number % 250),
            f"0.{number % 900 + 100}",
            f"https://pictures.example/{number}/front.jpg",
            f"<p>Li-ion, USB-C, IPX4, {100 + number % 900} lm, for camps and cellars.</p>",
        )


def write_csv(path: Path, count: int, *, first: int = 0) -> None:
    with path.open("w") as file:
        file.write(",".join(COLUMNS) + "\n")
        for row in rows(count, first=first):
            *plain, words = row
            file.write(",".join(plain) + f',"{words}"\n')


def write_ndjson(path: Path, count: int) -> None:
    with path.open("w") as file:
        file.writelines(
            json.dumps(dict(zip(COLUMNS, row, strict=True))) + "\n" for row in rows(count)
        )


def write_json(path: Path, count: int) -> None:
    with path.open("w") as file:
        file.write('{"data": {"products": [')
        for number, row in enumerate(rows(count)):
            file.write(", " * bool(number) + json.dumps(dict(zip(COLUMNS, row, strict=True))))
        file.write("]}}")


def write_xml(path: Path, count: int) -> None:
    with path.open("w") as file:
        file.write('<?xml version="1.0" encoding="UTF-8"?>\n<catalog>')
        for row in rows(count):
            cells = zip(COLUMNS, row, strict=True)
            inside = "".join(f"<{name}>{escape(said)}</{name}>" for name, said in cells)
            file.write(f"<product>{inside}</product>\n")
        file.write("</catalog>")


def write_xlsx(path: Path, count: int) -> None:
    """Write the largest form of a spreadsheet: every text is in the table of shared strings."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{SPREADSHEET}" xmlns:r="{OFFICE}"><sheets>'
            '<sheet name="Prices" sheetId="1" r:id="rId1"/></sheets></workbook>',
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{PACKAGE}">'
            '<Relationship Id="rId1" Target="worksheets/sheet1.xml"/></Relationships>',
        )
        with _part(archive, "xl/sharedStrings.xml", path.with_suffix(".texts")) as file:
            _shared_texts(file, count)
        with _part(archive, "xl/worksheets/sheet1.xml", path.with_suffix(".sheet")) as file:
            _sheet(file, count)


class _part:  # noqa: N801 - used like a function
    """Write a part to a file of its own, then add it: an archive takes one part at a time."""

    def __init__(self, archive: zipfile.ZipFile, name: str, beside: Path) -> None:
        self._archive, self._name, self._beside = archive, name, beside

    def __enter__(self) -> TextIO:
        self._file = self._beside.open("w")
        return self._file

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._archive.write(self._beside, self._name)
        self._beside.unlink()


TEXTS = tuple(place for place, name in enumerate(COLUMNS) if name not in {"Price", "Stock"})


def _shared_texts(file: TextIO, count: int) -> None:
    file.write(f'<sst xmlns="{SPREADSHEET}">')
    for cells in chain([COLUMNS], rows(count)):
        said = (f"<si><t>{escape(cells[place])}</t></si>" for place in TEXTS)
        file.writelines(said)
    file.write("</sst>")


def _sheet(file: TextIO, count: int) -> None:
    file.write(f'<worksheet xmlns="{SPREADSHEET}"><sheetData><row r="1">')
    letters = "ABCDEFGHIJ"
    for place, name in enumerate(COLUMNS):
        shared = TEXTS.index(place) if place in TEXTS else None
        cell = f't="s"><v>{shared}</v>' if shared is not None else f't="str"><v>{name}</v>'
        file.write(f'<c r="{letters[place]}1" {cell}</c>')
    file.write("</row>")
    for number, row in enumerate(rows(count), start=1):
        file.write(f'<row r="{number + 1}">')
        for place, said in enumerate(row):
            at = f"{letters[place]}{number + 1}"
            if place in TEXTS:
                shared = number * len(TEXTS) + TEXTS.index(place)
                file.write(f'<c r="{at}" t="s"><v>{shared}</v></c>')
            else:
                file.write(f'<c r="{at}"><v>{said}</v></c>')
        file.write("</row>")
    file.write("</sheetData></worksheet>")


WRITERS: dict[str, Callable[[Path, int], None]] = {
    "csv": write_csv,
    "ndjson": write_ndjson,
    "json": write_json,
    "xml": write_xml,
    "xlsx": write_xlsx,
}
