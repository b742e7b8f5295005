"""Checker: find what breaks the published rules of product feeds, in XML, TSV and CSV.

Source: Google's product data specification; Meta and Microsoft read the same attributes.
"""

import csv
import io
import re
from datetime import datetime
from xml.etree import ElementTree as ET

from stdnum import ean

NAMESPACE = "{http://base.google.com/ns/1.0}"
REQUIRED = ("id", "title", "description", "link", "image_link", "availability", "price")
LIMITS = {
    "id": 50,
    "title": 150,
    "description": 5000,
    "brand": 70,
    "mpn": 70,
    "item_group_id": 50,
    "color": 100,
    "size": 100,
    "product_type": 750,
    "link": 2000,
    "image_link": 2000,
}
MAX_PICTURES, MAX_HIGHLIGHTS, MAX_HIGHLIGHT = 10, 100, 150
MONEY = re.compile(r"\d+\.\d{2} [A-Z]{3}")
PERIOD = re.compile(r"(\S+)/(\S+)")


def read(text, file_type):
    """Return the items of a feed: lists of texts, or of dictionaries of parts, by attribute."""
    if file_type == "xml":
        root = ET.fromstring(text)
        return [_xml_item(each) for each in root.iter("item")]
    dialect = {"tsv": "\t", "csv": ","}[file_type]
    return [
        {_name(key): _cell(key, cell) for key, cell in row.items() if cell}
        for row in csv.DictReader(io.StringIO(text), delimiter=dialect)
    ]


def _xml_item(element):
    item = {}
    for child in element:
        assert child.tag.startswith(NAMESPACE), child.tag
        parts = {part.tag.removeprefix(NAMESPACE): part.text for part in child}
        item.setdefault(child.tag.removeprefix(NAMESPACE), []).append(parts or child.text)
    return item


def _name(column):
    return column.partition("(")[0]


def _cell(column, cell):
    """Return the values of a cell: separated by commas, their parts by colons."""
    name, _, parts = column.partition("(")
    if name in {"additional_image_link", "product_highlight"}:
        return next(csv.reader([cell]))
    if not parts:
        return [cell]
    names = parts.rstrip(")").split(":")
    return [
        dict(zip(names, next(csv.reader([value], delimiter=":")), strict=True))
        for value in re.split(r",(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", cell)
    ]


def violations(items, *, target, country, currency):
    """Return what is wrong; nothing if the feed would be accepted."""
    ids = [each["id"][0] for each in items]
    found = [f"id {each} is not unique" for each in ids if ids.count(each) > 1]
    for item in items:
        found += [f"{item['id'][0]}: {text}" for text in _of_item(item, target, country, currency)]
    groups = {}
    for item in items:
        if group := item.get("item_group_id"):
            groups.setdefault(group[0], []).append((item.get("color"), item.get("size")))
    found += [
        f"group {group}: two variants look alike"
        for group, looks in groups.items()
        if len({str(look) for look in looks}) < len(looks)
    ]
    return found


def _of_item(item, target, country, currency):
    yield from (f"{name} is missing" for name in REQUIRED if not item.get(name))
    for name, limit in LIMITS.items():
        yield from (f"{name} is too long" for text in item.get(name, ()) if len(text) > limit)
    space = " " if target != "google" else "_"
    if item["availability"][0] not in {f"in{space}stock", f"out{space}of{space}stock"}:
        yield "unknown availability"
    yield from _of_amounts(item, currency)
    yield from _of_identifiers(item)
    yield from _of_lists(item)
    for shipping in item.get("shipping", ()):
        if shipping["country"] != country:
            yield "shipping is for another country"
        if int(shipping["min_transit_time"]) > int(shipping["max_transit_time"]):
            yield "transit times are reversed"


def _of_amounts(item, currency):
    amounts = [*item["price"], *item.get("sale_price", ())]
    amounts += [each["price"] for each in item.get("shipping", ())]
    yield from (f"bad amount {text}" for text in amounts if not MONEY.fullmatch(text))
    yield from (f"wrong currency {text}" for text in amounts if not text.endswith(currency))
    if sale := item.get("sale_price"):
        since, until = PERIOD.fullmatch(item["sale_price_effective_date"][0]).groups()
        if datetime.fromisoformat(since) >= datetime.fromisoformat(until):
            yield "the sale ends before it starts"
        if float(sale[0].split()[0]) >= float(item["price"][0].split()[0]):
            yield "the sale price is not below the price"


def _of_identifiers(item):
    for gtin in item.get("gtin", ()):
        if not ean.is_valid(gtin) or len(gtin) not in {8, 12, 13, 14}:
            yield f"bad GTIN {gtin}"
    if not item.get("brand"):
        yield "no brand"
    if not item.get("gtin") and not item.get("mpn"):
        yield "neither GTIN nor MPN"


def _of_lists(item):
    if len(item.get("additional_image_link", ())) > MAX_PICTURES:
        yield "too many pictures"
    highlights = item.get("product_highlight", ())
    if highlights and not 2 <= len(highlights) <= MAX_HIGHLIGHTS:
        yield "too few or too many highlights"
    yield from ("a highlight is too long" for text in highlights if len(text) > MAX_HIGHLIGHT)
    for link in [*item["link"], *item["image_link"], *item.get("additional_image_link", ())]:
        if not re.match(r"https?://\S+$", link):
            yield f"bad link {link}"
