"""Feed formats: write items as XML, TSV or CSV with the columns of one reader. Pure.

Source: Google's product data specification; Meta and Microsoft read the same names, and write
availability with a space. XML is RSS 2.0 with Google's namespace. A value with several parts is
nested in XML, and joined by colons elsewhere.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import NamedTuple
from xml.sax.saxutils import escape

from storefront.lib.money import Money
from storefront.product_feeds.items import Detail, FeedItem, Shipping

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
NAMESPACE = "http://base.google.com/ns/1.0"


class Part(NamedTuple):
    """One part of a value with several parts."""

    name: str
    text: str


type Value = str | tuple[Part, ...]


class Column(NamedTuple):
    """One attribute of an item. ``read`` returns all its values, none if it has none."""

    name: str
    read: Callable[[FeedItem], Iterable[Value]]
    parts: tuple[str, ...] = ()


def _amount(money: Money) -> str:
    return f"{money.rounded().amount} {money.currency}"


def _optional(text: str) -> tuple[str, ...]:
    return (text,) if text else ()


def _shipping(item: FeedItem) -> Iterator[Value]:
    if (found := item.shipping) is not None:
        yield tuple(Part(name, text) for name, text in _shipping_parts(found))


def _shipping_parts(found: Shipping) -> Iterator[tuple[str, str]]:
    yield "country", found.country
    yield "price", _amount(found.price)
    yield "min_handling_time", str(found.handling_days)
    yield "max_handling_time", str(found.handling_days)
    yield "min_transit_time", str(found.min_transit_days)
    yield "max_transit_time", str(found.max_transit_days)


_SHIPPING_PARTS = (
    "country", "price", "min_handling_time", "max_handling_time",
    "min_transit_time", "max_transit_time",
)  # fmt: skip


def _detail(detail: Detail) -> Value:
    return (
        Part("section_name", detail.section),
        Part("attribute_name", detail.name),
        Part("attribute_value", detail.value),
    )


def _sale_period(item: FeedItem) -> tuple[str, ...]:
    if item.sale_period is None:
        return ()
    since, until = item.sale_period
    # Google accepts a period of at least a minute.
    until = max(until, since + timedelta(minutes=1))
    return (f"{since:%Y-%m-%dT%H:%M%z}/{until:%Y-%m-%dT%H:%M%z}",)


def _availability(in_stock: str, out_of_stock: str) -> Callable[[FeedItem], tuple[str, ...]]:
    return lambda item: (in_stock if item.quantity else out_of_stock,)


def _merchant_columns(in_stock: str, out_of_stock: str) -> tuple[Column, ...]:
    return (
        Column("id", lambda item: (item.sku,)),
        Column("title", lambda item: (item.title,)),
        Column("description", lambda item: (item.description,)),
        Column("link", lambda item: (item.url,)),
        Column("image_link", lambda item: item.picture_urls[:1]),
        Column("additional_image_link", lambda item: item.picture_urls[1:]),
        Column("availability", _availability(in_stock, out_of_stock)),
        Column("price", lambda item: (_amount(item.price),)),
        Column("sale_price", lambda item: (_amount(item.sale_price),) if item.sale_price else ()),
        Column("sale_price_effective_date", _sale_period),
        Column("condition", lambda _item: ("new",)),
        Column("brand", lambda item: _optional(item.brand)),
        Column("gtin", lambda item: _optional(item.gtin)),
        Column("mpn", lambda item: _optional(item.mpn)),
        Column("google_product_category", lambda item: (str(item.google_category),)),
        Column("product_type", lambda item: _optional(item.product_type)),
        Column("item_group_id", lambda item: _optional(item.group)),
        Column("color", lambda item: _optional(item.color)),
        Column("size", lambda item: _optional(item.size)),
        Column("shipping_weight", lambda item: (f"{item.weight_g} g",) if item.weight_g else ()),
        Column("shipping", _shipping, _SHIPPING_PARTS),
    )


_GOOGLE_ONLY = (
    Column("product_highlight", lambda item: item.highlights),
    Column(
        "product_detail",
        lambda item: map(_detail, item.details),
        ("section_name", "attribute_name", "attribute_value"),
    ),
)
_MARKETPLACE = (
    Column("sku", lambda item: (item.sku,)),
    Column("gtin", lambda item: _optional(item.gtin)),
    Column("mpn", lambda item: _optional(item.mpn)),
    Column("brand", lambda item: _optional(item.brand)),
    Column("title", lambda item: (item.title,)),
    Column("description", lambda item: (item.description,)),
    Column("category", lambda item: _optional(item.product_type)),
    Column("group", lambda item: _optional(item.group)),
    Column("color", lambda item: _optional(item.color)),
    Column("size", lambda item: _optional(item.size)),
    Column("currency", lambda item: (item.price.currency,)),
    Column("price", lambda item: (str(item.current_price.rounded().amount),)),
    Column("lowest_price_30_days", lambda item: (str(item.price.rounded().amount),) if item.sale_price else ()),
    Column("quantity", lambda item: (str(item.quantity),)),
    Column("restock_date", lambda item: _optional(str(item.restock_on or ""))),
    Column("handling_days", lambda item: (str(item.shipping.handling_days),) if item.shipping else ()),
    Column("shipping_price", lambda item: (str(item.shipping.price.rounded().amount),) if item.shipping else ()),
    Column("weight_g", lambda item: _optional(str(item.weight_g or ""))),
    Column("url", lambda item: (item.url,)),
    Column("image_urls", lambda item: item.picture_urls),
)  # fmt: skip
COLUMNS: dict[str, tuple[Column, ...]] = {
    "google": (*_merchant_columns("in_stock", "out_of_stock"), *_GOOGLE_ONLY),
    "meta": _merchant_columns("in stock", "out of stock"),
    "bing": _merchant_columns("in stock", "out of stock"),
    "marketplace": _MARKETPLACE,
}


class Heading(NamedTuple):
    """What an XML feed says of itself."""

    title: str
    url: str
    description: str


def write(
    items: Iterable[FeedItem], *, target: str, file_type: str, heading: Heading
) -> Iterator[str]:
    """Yield the text of a feed piece by piece."""
    columns = COLUMNS[target]
    if file_type == "xml":
        return _xml(items, columns, heading, is_rss=target != "marketplace")
    return _table(items, columns, separator="\t" if file_type == "tsv" else ",")


def _xml(
    items: Iterable[FeedItem], columns: tuple[Column, ...], heading: Heading, *, is_rss: bool
) -> Iterator[str]:
    prefix, item_tag = ("g:", "item") if is_rss else ("", "product")
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    if is_rss:
        yield f'<rss version="2.0" xmlns:g="{NAMESPACE}"><channel>'
        for tag, text in zip(("title", "link", "description"), heading, strict=True):
            yield f"<{tag}>{_escaped(text)}</{tag}>"
        yield "\n"
    else:
        yield "<products>\n"
    for item in items:
        cells = "".join(
            _element(f"{prefix}{column.name}", value, prefix)
            for column in columns
            for value in column.read(item)
        )
        yield f"<{item_tag}>{cells}</{item_tag}>\n"
    yield "</channel></rss>\n" if is_rss else "</products>\n"


def _element(tag: str, value: Value, prefix: str) -> str:
    if isinstance(value, str):
        return f"<{tag}>{_escaped(value)}</{tag}>"
    inner = "".join(_element(f"{prefix}{name}", text, prefix) for name, text in value)
    return f"<{tag}>{inner}</{tag}>"


def _escaped(text: str) -> str:
    """Return the text for XML: a character that XML forbids would make the whole file unreadable."""
    return escape(_NOT_XML.sub(" ", text))


def _table(
    items: Iterable[FeedItem], columns: tuple[Column, ...], *, separator: str
) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=separator, lineterminator="\n")

    def line(cells: Iterable[str]) -> str:
        buffer.seek(0)
        buffer.truncate()
        writer.writerow(cells)
        return buffer.getvalue()

    yield line(_column_head(column) for column in columns)
    for item in items:
        yield line(_cell(list(column.read(item))) for column in columns)


def _column_head(column: Column) -> str:
    return f"{column.name}({':'.join(column.parts)})" if column.parts else column.name


def _cell(values: list[Value]) -> str:
    """Return all values in one cell: parts joined by colons, values by commas."""
    if len(values) == 1 and isinstance(values[0], str):
        # A spreadsheet must not take a supplier's text for a formula.
        return " ".join(values[0].split()).lstrip("=+-@")
    texts = (
        _quoted(value)
        if isinstance(value, str)
        else ":".join(_quoted(text, is_part=True) for _name, text in value)
        for value in values
    )
    return ",".join(texts)


def _quoted(text: str, *, is_part: bool = False) -> str:
    """Quote a text that contains a separator."""
    special = ',":' if is_part else ',"'
    text = " ".join(text.split())
    if not any(mark in text for mark in special):
        return text
    doubled = text.replace('"', '""')
    return f'"{doubled}"'
