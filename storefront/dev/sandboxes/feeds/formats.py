"""Feed formats: write products as tables, spreadsheets, JSON, JSON lines, XML, Google RSS. Pure.

A spreadsheet has a shared string table, as office programs write it.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from .state import CURRENCY, WAREHOUSES, Ware

GOOGLE = "http://base.google.com/ns/1.0"
OZ_PER_KG = 35.27396


def as_json(wares: Iterable[Ware]) -> bytes:
    items = [_nested(ware) for ware in wares]
    document = {"supplier": {"name": "Feed sandbox", "lists": []}, "data": {"products": items}}
    return json.dumps(document, ensure_ascii=False).encode()


def as_lines(wares: Iterable[Ware]) -> bytes:
    return b"".join(json.dumps(_nested(ware)).encode() + b"\n" for ware in wares)


def _nested(ware: Ware) -> dict[str, Any]:
    return {
        "sku": ware.sku,
        "group": ware.parent,
        "codes": {"ean": ware.ean or None, "mpn": ware.mpn},
        "texts": {"en": {"name": ware.name, "html": ware.html}},
        "brand": ware.brand,
        "path": list(ware.category),
        "price": {
            "amount": None if "price" in ware.blank else float(ware.price),
            "currency": CURRENCY,
        },
        "stock": [
            {"wh": name, "qty": None if "stock" in ware.blank else ware.stock[name]}
            for name in WAREHOUSES
        ],
        "weight_oz": round(float(ware.weight_kg) * OZ_PER_KG, 2),
        "options": {"Color": ware.color, "Version": ware.version},
        "images": [{"url": url} for url in ware.images],
        "specs": [f"{name}:{value}" for name, value in ware.features],
        "active": ware.is_active,
    }


def as_xml(wares: Iterable[Ware], *, encoding: str = "UTF-8") -> bytes:
    items = "".join(_element(ware) for ware in wares)
    prolog = f'<?xml version="1.0" encoding="{encoding}"?>'
    text = f"{prolog}\n<catalog><products>{items}</products></catalog>"
    return text.encode(encoding, "xmlcharrefreplace")


def _element(ware: Ware) -> str:
    stock = "".join(
        f'<stock warehouse="{name}">{"" if "stock" in ware.blank else ware.stock[name]}</stock>'
        for name in WAREHOUSES
    )
    features = "".join(
        f"<feature name={quoteattr(name)}>{escape(value)}</feature>"
        for name, value in ware.features
    )
    price = "" if "price" in ware.blank else f"€ {ware.price}".replace(".", ",")
    weight = str(ware.weight_kg).replace(".", ",")
    return (
        f"<product id={quoteattr(ware.sku)} group={quoteattr(ware.parent)}>"
        f"<ean>{ware.ean}</ean><mpn>{escape(ware.mpn)}</mpn><name>{escape(ware.name)}</name>"
        f"<brand>{escape(ware.brand)}</brand><category>{escape('/'.join(ware.category))}</category>"
        f"<price>{price}</price>{stock}<weight unit='kg'>{weight}</weight>"
        f"<color>{escape(ware.color)}</color><version>{escape(ware.version)}</version>"
        f"<images>{''.join(f'<image>{escape(url)}</image>' for url in ware.images)}</images>"
        f"<features>{features}</features><description>{escape(ware.html)}</description>"
        f"<status>{'active' if ware.is_active else 'discontinued'}</status></product>"
    )


def as_google(wares: Iterable[Ware]) -> bytes:
    """Return the feed for Google Merchant; its price is the retail price."""
    items = "".join(_item(ware) for ware in wares)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:g="{GOOGLE}"><channel>'
        f"<title>Feed sandbox</title><link>https://lights.example/</link>"
        f"<description>Lights</description>{items}</channel></rss>"
    ).encode()


def _item(ware: Ware) -> str:
    units = sum(ware.stock.values()) * ware.is_active
    more = "".join(
        f"<g:product_detail><g:attribute_name>{escape(name)}</g:attribute_name>"
        f"<g:attribute_value>{escape(value)}</g:attribute_value></g:product_detail>"
        for name, value in ware.features
    )
    fields = {
        "id": ware.sku,
        "item_group_id": ware.parent,
        "title": ware.name,
        "description": ware.html,
        "image_link": ware.images[0],
        "additional_image_link": ware.images[1],
        "availability": "in_stock" if units else "out_of_stock",
        "price": f"{ware.price * 2} {CURRENCY}",
        "cost_of_goods_sold": f"{ware.price} {CURRENCY}",
        "brand": ware.brand,
        "gtin": ware.ean,
        "mpn": ware.mpn,
        "color": ware.color,
        "product_type": " > ".join(ware.category),
        "shipping_weight": f"{ware.weight_kg} kg",
        "condition": "new",
    }
    told = "".join(f"<g:{name}>{escape(said)}</g:{name}>" for name, said in fields.items() if said)
    return f"<item>{told}{more}</item>"


# Spreadsheets

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
    """Return the rows as a workbook; a text that begins with ``=`` becomes a formula."""
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


# Tables

Cells = Sequence[Any]

COLUMNS = (
    "Product code", "Parent SKU", "EAN", "MPN", "Product name", "Brand", "Category path",
    "B2B price", "Currency", *(f"Stock {name}" for name in WAREHOUSES), "Weight (kg)", "Color",
    "Version", "Image 1", "Image 2", "FEATURES", "HTML description", "HS code",
    "Country of origin", "Status", "Updated at",
)  # fmt: skip
MARKET_COLUMNS = ("Shop", "GTIN", "Price", "Currency", "Tax")
MARKET_SHOPS = (("lamps.example", Decimal("1.85")), ("night.example", Decimal("2.05")))
MARKET_GOODS = 10
STOCK_COLUMNS = ("SKU", "Qty", "Warehouse", "Net price", "Currency", "Updated at")


def full_rows(wares: Iterable[Ware], *, at_s: float) -> Iterable[Cells]:
    stamp = datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    for ware in wares:
        yield (
            ware.sku,
            ware.parent,
            ware.ean,
            ware.mpn,
            ware.name,
            ware.brand,
            " > ".join(ware.category),
            None if "price" in ware.blank else ware.price,
            CURRENCY,
            *(None if "stock" in ware.blank else ware.stock[name] for name in WAREHOUSES),
            ware.weight_kg,
            ware.color,
            ware.version,
            *ware.images,
            "|".join(f"{name}:{value.replace('|', '/')}" for name, value in ware.features),
            ware.html,
            ware.hs_code,
            "CN",
            "active" if ware.is_active else "discontinued",
            stamp,
        )


def stock_rows(wares: Iterable[Ware], *, at_s: float) -> Iterable[Cells]:
    """Yield one row for each SKU and warehouse."""
    stamp = datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    for ware in wares:
        for name in WAREHOUSES:
            stock = None if "stock" in ware.blank else ware.stock[name] * ware.is_active
            price = None if "price" in ware.blank else ware.price
            yield (ware.sku, stock, name, price, CURRENCY, stamp)


def market_rows(wares: Iterable[Ware]) -> Iterable[Cells]:
    """Yield prices of other shops for a few products, by GTIN; one of them is no number."""
    named = [ware for ware in wares if ware.ean][:MARKET_GOODS]
    for place, ware in enumerate(named):
        for shop, share in MARKET_SHOPS[: 1 + place % 2]:
            price = (ware.price * share).quantize(Decimal(1)) - Decimal("0.05")
            yield (shop, ware.ean, price, CURRENCY, "incl")
    if named:
        yield (MARKET_SHOPS[0][0], named[-1].ean, "on request", CURRENCY, "incl")


def written(
    header: Cells,
    rows: Iterable[Cells],
    *,
    delimiter: str,
    point: str = ".",
    encoding: str = "utf-8",
) -> bytes:
    """Return a table as text; a character that the encoding lacks becomes a question mark."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow(header)
    say = _sayer(point)
    writer.writerows([say(cell) for cell in row] for row in rows)
    return text.getvalue().encode(encoding, "replace")


def _sayer(point: str) -> Callable[[Any], str]:
    def say(cell: Any) -> str:
        if cell is None:
            return ""
        return str(cell).replace(".", point) if isinstance(cell, Decimal) else str(cell)

    return say
