"""Write a table as a spreadsheet, as office programs do: texts in a table of their own. Pure."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape, quoteattr

LETTERS = 26
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
PROLOG = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
TYPES = (
    f'{PROLOG}<Types xmlns="{PACKAGE}/content-types">'
    '<Default Extension="rels"'
    ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/></Types>'
)


def as_spreadsheet(rows: Iterable[Sequence[Any]], *, sheet: str = "Price list") -> bytes:
    """Write rows; a text that begins with ``=`` is written as the formula it looks like."""
    texts: dict[str, int] = {}
    body = "".join(_row(number, row, texts) for number, row in enumerate(rows, start=1))
    shared = "".join(f'<si><t xml:space="preserve">{escape(text)}</t></si>' for text in texts)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", TYPES)
        archive.writestr("_rels/.rels", _links({"officeDocument": "xl/workbook.xml"}))
        archive.writestr(
            "xl/workbook.xml",
            f'{PROLOG}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>'
            f'<sheet name={quoteattr(sheet)} sheetId="1" r:id="rId1"/></sheets></workbook>',
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            _links({"worksheet": "worksheets/sheet1.xml", "sharedStrings": "sharedStrings.xml"}),
        )
        archive.writestr("xl/sharedStrings.xml", f'{PROLOG}<sst xmlns="{MAIN}">{shared}</sst>')
        archive.writestr(
            "xl/worksheets/sheet1.xml",
            f'{PROLOG}<worksheet xmlns="{MAIN}"><sheetData>{body}</sheetData></worksheet>',
        )
    return packed.getvalue()


def _links(targets: dict[str, str]) -> str:
    links = "".join(
        f'<Relationship Id="rId{number}" Type="{OFFICE}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets.items(), start=1)
    )
    return f'{PROLOG}<Relationships xmlns="{PACKAGE}/relationships">{links}</Relationships>'


def _row(number: int, row: Sequence[Any], texts: dict[str, int]) -> str:
    cells = "".join(
        _cell(f"{_letters(place)}{number}", value, texts)
        for place, value in enumerate(row)
        if value not in {None, ""}
    )
    return f'<row r="{number}">{cells}</row>'


def _cell(at: str, value: Any, texts: dict[str, int]) -> str:
    if isinstance(value, bool):
        return f'<c r="{at}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, int | float | Decimal):
        return f'<c r="{at}"><v>{value}</v></c>'
    text = str(value)
    if text.startswith("="):
        return f'<c r="{at}"><f>{escape(text[1:])}</f><v>0</v></c>'
    return f'<c r="{at}" t="s"><v>{texts.setdefault(text, len(texts))}</v></c>'


def _letters(place: int) -> str:
    name = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, LETTERS)
        name = chr(ord("A") + rest) + name
    return name
