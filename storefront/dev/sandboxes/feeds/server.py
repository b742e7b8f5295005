"""Feed sandbox server: serve feed files with ETags, inject faults, show a status page."""

import gzip
import hashlib
import html
import io
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from email.utils import formatdate
from typing import Any

from storefront.dev.sandboxes.core.faults import Fault, reply_after, reply_before, retry_after
from storefront.dev.sandboxes.core.http_server import Reply, Request
from storefront.dev.sandboxes.core.status_page import SHOWN_GOODS
from storefront.dev.sandboxes.core.status_page import page as status_page
from storefront.dev.sandboxes.supplier import SupplierServer

from . import formats, order_files
from .control import ACTIONS
from .state import FeedCatalog, FeedItem, SandboxState


def page(shop: FeedCatalog, files: Iterable[str], orders: Sequence[Mapping[str, Any]]) -> str:
    feed_items = list(shop.feed_items())
    shown = list({item.parent: item for item in reversed(feed_items)}.values())[::-1][:SHOWN_GOODS]
    links = "".join(f"<li><a href='{name}'>{name}</a>" for name in files)
    return status_page(
        "Feed sandbox",
        intro=f"A wholesaler without an API: {shop.count} products, {len(feed_items)} SKUs,"
        " published as files. Orders arrive as files and are answered in files. Orders by e-mail"
        " are answered manually, on the page that their link opens."
        " The controls are under <code>/control/</code>.",
        pictures=((item.images[0], f"{item.name}, {item.sku}") for item in shown),
        sections={
            "Files": f"<ul>{links}</ul>",
            "Orders in files": f"<ul>{''.join(map(_order, orders))}</ul>",
        },
    )


def _order(order: Mapping[str, Any]) -> str:
    lines = [f"{each['sku']} {each['reason'] or each['answer']}" for each in order["answer"]]
    return f"<li>{html.escape(order['number'])}: {html.escape(', '.join(lines) or 'not answered')}"


# Feed files

WRITTEN_EVERY_S = 300

File = Callable[[FeedCatalog], bytes]


def _table(delimiter: str, *, point: str = ".", encoding: str = "utf-8") -> File:
    return lambda shop: formats.table_text(
        formats.COLUMNS,
        formats.full_rows(shop.feed_items(), at_s=shop.changes.at_s),
        delimiter=delimiter,
        point=point,
        encoding=encoding,
    )


def _spreadsheet(shop: FeedCatalog) -> bytes:
    rows = formats.full_rows(shop.feed_items(), at_s=shop.changes.at_s)
    return formats.as_spreadsheet([formats.COLUMNS, *rows])


def _stock(listed: Callable[[FeedCatalog], Iterable[FeedItem]]) -> File:
    return lambda shop: formats.table_text(
        formats.STOCK_COLUMNS,
        formats.stock_rows(listed(shop), at_s=shop.changes.at_s),
        delimiter=";",
        point=",",
    )


def _market(shop: FeedCatalog) -> bytes:
    return formats.table_text(
        formats.MARKET_COLUMNS, formats.market_rows(shop.feed_items()), delimiter=","
    )


FILES: dict[str, File] = {
    "/full.csv": _table(","),
    "/full-western.csv": _table(";", point=",", encoding="cp1252"),
    "/full-utf16.csv": _table(";", encoding="utf-16"),
    "/full.tsv": _table("\t"),
    "/full.json": lambda shop: formats.as_json(shop.feed_items()),
    "/full.ndjson": lambda shop: formats.as_lines(shop.feed_items()),
    "/full.xml": lambda shop: formats.as_xml(shop.feed_items()),
    "/full-western.xml": lambda shop: formats.as_xml(shop.feed_items(), encoding="windows-1252"),
    "/google.xml": lambda shop: formats.as_google(shop.feed_items()),
    "/full.xlsx": _spreadsheet,
    "/stock.csv": _stock(FeedCatalog.feed_items),
    "/delta.csv": _stock(FeedCatalog.changed),
    "/market.csv": _market,
}


class Server(SupplierServer):
    """The HTTP server of the wholesaler."""

    def __init__(self, address: tuple[str, int], *, state: SandboxState) -> None:
        super().__init__(
            address,
            state=state,
            products=state.shop.catalog,
            actions=ACTIONS,
            reply=lambda asked: reply_to(state, asked),
            page=lambda: page(state.shop, FILES, order_files.report(state)["orders"]),
        )


def reply_to(state: SandboxState, asked: Request) -> Reply:
    if state.rules.token and asked.query.get("key") != [state.rules.token]:
        return Reply(status=401, body=b"wrong key", type="text/plain")
    state.usage.count(asked.path, points=0)
    fault = state.faults.next_for(asked.path)
    return reply_before(fault, BEFORE) or reply_after(fault, _file(state, asked), {})


def _file(state: SandboxState, asked: Request) -> Reply:
    name, packed = asked.path, ""
    for ending in (".gz", ".zip"):
        if name.endswith(ending):
            name, packed = name.removesuffix(ending), ending
    if name not in FILES:
        return Reply(status=404, body=b"no such file", type="text/plain")
    content = FILES[name](state.shop)
    mark = f'"{hashlib.blake2b(content, digest_size=8).hexdigest()}{packed}"'
    marks = {"ETag": mark, "Last-Modified": formatdate(_written_s(state), usegmt=True)}
    if asked.headers.get("If-None-Match") == mark:
        return Reply(status=304, headers=marks)
    return Reply(
        body=_pack(content, packed, name=name.removeprefix("/")),
        type="application/octet-stream",
        headers=marks,
    )


def _written_s(state: SandboxState) -> float:
    """Return the file's Last-Modified: it advances every few minutes, or is frozen by a control."""
    if state.frozen_at_s is not None:
        return state.frozen_at_s
    now_s = state.now()
    return max(state.shop.changes.at_s, now_s - now_s % WRITTEN_EVERY_S)


BEFORE: dict[str, Callable[[Fault], Reply]] = {
    "500": lambda _: Reply(status=500, body=b"out of order", type="text/plain"),
    "429": lambda fault: Reply(
        status=429, body=b"too many requests", type="text/plain", headers=retry_after(fault)
    ),
    "empty": lambda _: Reply(type="text/csv"),
}


def _pack(content: bytes, packed: str, *, name: str) -> bytes:
    if packed == ".gz":
        return gzip.compress(content, mtime=0)
    if packed == ".zip":
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("readme.txt", "Prices without tax.")
            archive.writestr(name, content)
        return target.getvalue()
    return content
