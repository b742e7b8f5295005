"""Feed sandbox server: serve feed files with ETags, inject faults, show a status page."""

import gzip
import hashlib
import html
import io
import math
import time
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from email.utils import formatdate
from functools import partial
from typing import Any

from storefront.dev.sandboxes.core.control import perform
from storefront.dev.sandboxes.core.faults import INTERNAL_URL, RESPONSE_FAULTS, Fault, Faults
from storefront.dev.sandboxes.core.http_server import Listener, Reply, Request, as_html
from storefront.dev.sandboxes.core.ledger import Usage
from storefront.dev.sandboxes.core.status_page import SHOWN_GOODS
from storefront.dev.sandboxes.core.status_page import page as status_page
from storefront.dev.sandboxes.pictures import coloring

from . import formats
from .control import ACTIONS
from .formats import as_spreadsheet
from .order_files import OrderProcessor
from .state import FeedCatalog


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
    said = [f"{each['sku']} {each['reason'] or each['answer']}" for each in order["answer"]]
    return f"<li>{html.escape(order['number'])}: {html.escape(', '.join(said) or 'not answered')}"


# Feed files

KINDS = frozenset({"500", "429", "slow", "drop_before", "redirect", "empty", *RESPONSE_FAULTS})

WRITTEN_EVERY_S = 300

File = Callable[[FeedCatalog], bytes]


def _table(delimiter: str, *, point: str = ".", encoding: str = "utf-8") -> File:
    def file(shop: FeedCatalog) -> bytes:
        rows = formats.full_rows(shop.feed_items(), at_s=shop.changes.at_s)
        return formats.table_text(
            formats.COLUMNS, rows, delimiter=delimiter, point=point, encoding=encoding
        )

    return file


def _spreadsheet(shop: FeedCatalog) -> bytes:
    return as_spreadsheet(
        [formats.COLUMNS, *formats.full_rows(shop.feed_items(), at_s=shop.changes.at_s)]
    )


def _stock(shop: FeedCatalog) -> bytes:
    rows = formats.stock_rows(shop.feed_items(), at_s=shop.changes.at_s)
    return formats.table_text(formats.STOCK_COLUMNS, rows, delimiter=";", point=",")


def _delta(shop: FeedCatalog) -> bytes:
    rows = formats.stock_rows(shop.changed(), at_s=shop.changes.at_s)
    return formats.table_text(formats.STOCK_COLUMNS, rows, delimiter=";", point=",")


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
    "/stock.csv": _stock,
    "/delta.csv": _delta,
    "/market.csv": _market,
}


class Server(Listener):
    """The HTTP server of the wholesaler. With a ``token``, its files require ``?key=``."""

    def __init__(
        self, address: tuple[str, int], *, shop: FeedCatalog, token: str = "", pace_s: float = 6.0
    ) -> None:
        self.shop, self._token = shop, token
        self.order_processor = OrderProcessor(shop, pace_s=pace_s)
        self.faults = Faults(KINDS)
        self.usage = Usage()
        self.stopped_since_s: float | None = None
        self.file_names = sorted(FILES)
        super().__init__(address, answer=self._answer, pull=partial(perform, ACTIONS, self))

    def _answer(self, asked: Request) -> Reply:
        if asked.path == "/":
            return as_html(page(self.shop, FILES, self.order_processor.told()["orders"]))
        if asked.path.startswith(coloring.PREFIX):
            catalog = self.shop.catalog
            return coloring.picture(asked.path, find=catalog.by_pid, seed=catalog.seed)
        if self._token and asked.query.get("key") != [self._token]:
            return Reply(status=401, body=b"wrong key", type="text/plain")
        self.usage.count(asked.path, points=0)
        fault = self.faults.next_for(asked.path)
        return self._failing(fault) or self._spoiled(fault, self._file(asked))

    def _file(self, asked: Request) -> Reply:
        name, packed = asked.path, ""
        for ending in (".gz", ".zip"):
            if name.endswith(ending):
                name, packed = name.removesuffix(ending), ending
        if name not in FILES:
            return Reply(status=404, body=b"no such file", type="text/plain")
        content = FILES[name](self.shop)
        mark = f'"{hashlib.blake2b(content, digest_size=8).hexdigest()}{packed}"'
        marks = {"ETag": mark, "Last-Modified": formatdate(self._written_s(), usegmt=True)}
        if asked.headers.get("If-None-Match") == mark:
            return Reply(status=304, headers=marks)
        return Reply(
            body=_pack(content, packed, name=name.removeprefix("/")),
            type="application/octet-stream",
            headers=marks,
        )

    def _written_s(self) -> float:
        """Return when the file was written: every few minutes, unless stopped by ``stand``."""
        if self.stopped_since_s is not None:
            return self.stopped_since_s
        now_s = self.order_processor.now()
        return max(self.shop.changes.at_s, now_s - now_s % WRITTEN_EVERY_S)

    def _failing(self, fault: Fault | None) -> Reply | None:
        """Return a fault's answer without a file; for a slow one wait; None to go on."""
        if fault is None:
            return None
        if fault.kind == "slow":
            time.sleep(fault.delay_s)
        answers = {
            "drop_before": Reply(is_dropped=True),
            "500": Reply(status=500, body=b"out of order", type="text/plain"),
            "429": Reply(
                status=429,
                body=b"too many requests",
                type="text/plain",
                headers={"Retry-After": str(max(math.ceil(fault.delay_s), 1))},
            ),
            "redirect": Reply(status=302, headers={"Location": INTERNAL_URL}),
            "empty": Reply(type="text/csv"),
        }
        return answers.get(fault.kind)

    def _spoiled(self, fault: Fault | None, reply: Reply) -> Reply:
        if fault is None or fault.kind not in RESPONSE_FAULTS or reply.status != 200:  # noqa: PLR2004
            return reply
        return RESPONSE_FAULTS[fault.kind](fault, reply)


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
