"""XLSX export: write a table row by row. Each text has the type of a text, so none is a formula."""

import re
import zipfile
from collections.abc import Collection, Iterable, Sequence
from typing import BinaryIO
from xml.sax.saxutils import escape

MAX_CELL = 32_767  # characters, the limit of the format
_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,6})?")
_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
SHEET = "xl/worksheets/sheet1.xml"
_PARTS = {
    "[Content_Types].xml": (
        f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels"'
        ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
        f'<Override PartName="/{SHEET}" ContentType="{_TYPE}.worksheet+xml"/></Types>'
    ),
    "_rels/.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1"'
        f' Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/workbook.xml": (
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
        '<sheet name="Products" sheetId="1" r:id="rId1"/></sheets></workbook>'
    ),
    "xl/_rels/workbook.xml.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1"'
        f' Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>'
    ),
}


class CellTooLongError(ValueError):
    """A text is longer than ``MAX_CELL`` characters."""


def write_xlsx(
    rows: Iterable[Sequence[str]], file: BinaryIO, *, number_headings: Collection[str] = ()
) -> int:
    """Write a table, its headings first; return the number of rows below them.

    Cells below ``number_headings`` are numbers if they are plain numbers, all others are texts.
    Raises: CellTooLongError
    """
    count = 0
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in _PARTS.items():
            archive.writestr(name, _HEAD + content)
        with archive.open(SHEET, "w", force_zip64=True) as sheet:
            sheet.write(f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetData>'.encode())
            numeric: list[bool] = []
            for count, row in enumerate(rows):  # noqa: B007 - the number of the last row
                numeric = numeric or [heading in number_headings for heading in row]
                cells = (
                    _cell(text, is_number=kind) for text, kind in zip(row, numeric, strict=True)
                )
                sheet.write(f"<row>{''.join(cells)}</row>".encode())
            sheet.write(b"</sheetData></worksheet>")
    return count


def _cell(text: str, *, is_number: bool) -> str:
    if not text:
        return "<c/>"
    if is_number and _NUMBER.fullmatch(text):
        return f"<c><v>{text}</v></c>"
    if len(text) > MAX_CELL:
        raise CellTooLongError(
            f"A text has {len(text)} characters, but a cell holds {MAX_CELL}: {text[:60]!r}"
        )
    legal = escape(_ILLEGAL.sub("", text))
    return f'<c t="inlineStr"><is><t xml:space="preserve">{legal}</t></is></c>'
