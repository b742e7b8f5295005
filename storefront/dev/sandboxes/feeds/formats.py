"""Feed formats: write products as tables, spreadsheets, JSON, JSON lines, XML, Google RSS. Pure.

A spreadsheet has a shared string table, as office programs write it.
"""

import csv
import io
import json
import zipfile
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from .state import CURRENCY, WAREHOUSES, FeedItem

GOOGLE = "http://base.google.com/ns/1.0"
OZ_PER_KG = 35.27396


def as_json(feed_items: Iterable[FeedItem]) -> bytes:
    items = [_nested(item) for item in feed_items]
    document = {"supplier": {"name": "Feed sandbox", "lists": []}, "data": {"products": items}}
    return json.dumps(document, ensure_ascii=False).encode()


def as_lines(feed_items: Iterable[FeedItem]) -> bytes:
    return b"".join(json.dumps(_nested(item)).encode() + b"\n" for item in feed_items)


def _nested(item: FeedItem) -> dict[str, Any]:
    return {
        "sku": item.sku,
        "group": item.parent,
        "codes": {"ean": item.ean or None, "mpn": item.mpn},
        "texts": {"en": {"name": item.name, "html": item.html}},
        "brand": item.brand,
        "path": list(item.category),
        "price": {
            "amount": None if "price" in item.blank else float(item.price),
            "currency": CURRENCY,
        },
        "stock": [
            {"wh": name, "qty": None if "stock" in item.blank else item.stock[name]}
            for name in WAREHOUSES
        ],
        "weight_oz": round(float(item.weight_kg) * OZ_PER_KG, 2),
        "options": {"Color": item.color, "Version": item.version},
        "images": [{"url": url} for url in item.images],
        "specs": [f"{name}:{value}" for name, value in item.features],
        "active": item.is_active,
    }


def as_xml(feed_items: Iterable[FeedItem], *, encoding: str = "UTF-8") -> bytes:
    items = "".join(_element(item) for item in feed_items)
    prolog = f'<?xml version="1.0" encoding="{encoding}"?>'
    text = f"{prolog}\n<catalog><products>{items}</products></catalog>"
    return text.encode(encoding, "xmlcharrefreplace")


def _element(item: FeedItem) -> str:
    stock = "".join(
        f'<stock warehouse="{name}">{"" if "stock" in item.blank else item.stock[name]}</stock>'
        for name in WAREHOUSES
    )
    features = "".join(
        f"<feature name={quoteattr(name)}>{escape(value)}</feature>"
        for name, value in item.features
    )
    price = "" if "price" in item.blank else f"€ {item.price}".replace(".", ",")
    weight = str(item.weight_kg).replace(".", ",")
    return (
        f"<product id={quoteattr(item.sku)} group={quoteattr(item.parent)}>"
        f"<ean>{item.ean}</ean><mpn>{escape(item.mpn)}</mpn><name>{escape(item.name)}</name>"
        f"<brand>{escape(item.brand)}</brand><category>{escape('/'.join(item.category))}</category>"
        f"<price>{price}</price>{stock}<weight unit='kg'>{weight}</weight>"
        f"<color>{escape(item.color)}</color><version>{escape(item.version)}</version>"
        f"<images>{''.join(f'<image>{escape(url)}</image>' for url in item.images)}</images>"
        f"<features>{features}</features><description>{escape(item.html)}</description>"
        f"<status>{'active' if item.is_active else 'discontinued'}</status></product>"
    )


def as_google(feed_items: Iterable[FeedItem]) -> bytes:
    """Return the feed for Google Merchant; its price is the retail price."""
    items = "".join(_item(item) for item in feed_items)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:g="{GOOGLE}"><channel>'
        f"<title>Feed sandbox</title><link>https://lights.example/</link>"
        f"<description>Lights</description>{items}</channel></rss>"
    ).encode()


def _item(item: FeedItem) -> str:
    units = sum(item.stock.values()) * item.is_active
    more = "".join(
        f"<g:product_detail><g:attribute_name>{escape(name)}</g:attribute_name>"
        f"<g:attribute_value>{escape(value)}</g:attribute_value></g:product_detail>"
        for name, value in item.features
    )
    fields = {
        "id": item.sku,
        "item_group_id": item.parent,
        "title": item.name,
        "description": item.html,
        "image_link": item.images[0],
        "additional_image_link": item.images[1],
        "availability": "in_stock" if units else "out_of_stock",
        "price": f"{item.price * 2} {CURRENCY}",
        "cost_of_goods_sold": f"{item.price} {CURRENCY}",
        "brand": item.brand,
        "gtin": item.ean,
        "mpn": item.mpn,
        "color": item.color,
        "product_type": " > ".join(item.category),
        "shipping_weight": f"{item.weight_kg} kg",
        "condition": "new",
    }
    filled = "".join(
        f"<g:{name}>{escape(text)}</g:{name}>" for name, text in fields.items() if text
    )
    return f"<item>{filled}{more}</item>"


# Spreadsheets

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


def as_spreadsheet(rows: Iterable[Sequence[Any]]) -> bytes:
    """Return the rows as a workbook; they have up to 26 columns."""
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
            '<sheet name="Price list" sheetId="1" r:id="rId1"/></sheets></workbook>',
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
        _cell(f"{chr(ord('A') + place)}{number}", value, texts)
        for place, value in enumerate(row)
        if value not in {None, ""}
    )
    return f'<row r="{number}">{cells}</row>'


def _cell(at: str, value: Any, texts: dict[str, int]) -> str:
    if isinstance(value, Decimal):
        return f'<c r="{at}"><v>{value}</v></c>'
    return f'<c r="{at}" t="s"><v>{texts.setdefault(str(value), len(texts))}</v></c>'


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


def full_rows(feed_items: Iterable[FeedItem], *, at_s: float) -> Iterable[Cells]:
    stamp = datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    for item in feed_items:
        yield (
            item.sku,
            item.parent,
            item.ean,
            item.mpn,
            item.name,
            item.brand,
            " > ".join(item.category),
            None if "price" in item.blank else item.price,
            CURRENCY,
            *(None if "stock" in item.blank else item.stock[name] for name in WAREHOUSES),
            item.weight_kg,
            item.color,
            item.version,
            *item.images,
            "|".join(f"{name}:{value.replace('|', '/')}" for name, value in item.features),
            item.html,
            item.hs_code,
            "CN",
            "active" if item.is_active else "discontinued",
            stamp,
        )


def stock_rows(feed_items: Iterable[FeedItem], *, at_s: float) -> Iterable[Cells]:
    """Yield one row for each SKU and warehouse."""
    stamp = datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    for item in feed_items:
        for name in WAREHOUSES:
            stock = None if "stock" in item.blank else item.stock[name] * item.is_active
            price = None if "price" in item.blank else item.price
            yield (item.sku, stock, name, price, CURRENCY, stamp)


def market_rows(feed_items: Iterable[FeedItem]) -> Iterable[Cells]:
    """Yield prices of other shops for a few products, by GTIN; the last one is not a number."""
    named = [item for item in feed_items if item.ean][:MARKET_GOODS]
    for place, item in enumerate(named):
        for shop, share in MARKET_SHOPS[: 1 + place % 2]:
            price = (item.price * share).quantize(Decimal(1)) - Decimal("0.05")
            yield (shop, item.ean, price, CURRENCY, "incl")
    if named:
        yield (MARKET_SHOPS[0][0], named[-1].ean, "on request", CURRENCY, "incl")


def table_text(
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
    format_cell = _formatter(point)
    writer.writerows([format_cell(cell) for cell in row] for row in rows)
    return text.getvalue().encode(encoding, "replace")


def _formatter(point: str) -> Callable[[Any], str]:
    def format_cell(cell: Any) -> str:
        if cell is None:
            return ""
        return str(cell).replace(".", point) if isinstance(cell, Decimal) else str(cell)

    return format_cell
