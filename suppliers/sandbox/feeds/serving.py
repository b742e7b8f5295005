"""His files over HTTP, with marks that tell what changed, and faults on demand."""

from __future__ import annotations

import gzip
import hashlib
import io
import math
import time
import zipfile
from collections.abc import Callable
from email.utils import formatdate
from typing import Any

from suppliers.sandbox import gallery
from suppliers.sandbox.faults import Fault, Faults, UnknownFaultError
from suppliers.sandbox.listening import Asked, BadControlError, Listener
from suppliers.sandbox.replies import Reply, as_html
from suppliers.sandbox.spoilers import INSIDE, SPOILERS
from suppliers.sandbox.usage import Usage

from . import documents, human, tables
from .shop import Shop
from .spreadsheet import as_spreadsheet
from .taking import Taker

KINDS = frozenset({"500", "429", "slow", "drop_before", "redirect", "empty", *SPOILERS})

WRITTEN_EVERY_S = 300

File = Callable[[Shop], bytes]


def _table(delimiter: str, *, point: str = ".", encoding: str = "utf-8") -> File:
    def file(shop: Shop) -> bytes:
        rows = tables.full_rows(shop.wares(), at_s=shop.changes.at_s)
        return tables.written(
            tables.COLUMNS, rows, delimiter=delimiter, point=point, encoding=encoding
        )

    return file


def _spreadsheet(shop: Shop) -> bytes:
    return as_spreadsheet([tables.COLUMNS, *tables.full_rows(shop.wares(), at_s=shop.changes.at_s)])


def _stock(shop: Shop) -> bytes:
    rows = tables.stock_rows(shop.wares(), at_s=shop.changes.at_s)
    return tables.written(tables.STOCK_COLUMNS, rows, delimiter=";", point=",")


def _delta(shop: Shop) -> bytes:
    rows = tables.stock_rows(shop.changed(), at_s=shop.changes.at_s)
    return tables.written(tables.STOCK_COLUMNS, rows, delimiter=";", point=",")


FILES: dict[str, File] = {
    "/full.csv": _table(","),
    "/full-western.csv": _table(";", point=",", encoding="cp1252"),
    "/full-utf16.csv": _table(";", encoding="utf-16"),
    "/full.tsv": _table("\t"),
    "/full.json": lambda shop: documents.as_json(shop.wares()),
    "/full.ndjson": lambda shop: documents.as_lines(shop.wares()),
    "/full.xml": lambda shop: documents.as_xml(shop.wares()),
    "/full-western.xml": lambda shop: documents.as_xml(shop.wares(), encoding="windows-1252"),
    "/google.xml": lambda shop: documents.as_google(shop.wares()),
    "/full.xlsx": _spreadsheet,
    "/stock.csv": _stock,
    "/delta.csv": _delta,
}


class Server(Listener):
    """One wholesaler on one port. With a ``token``, his files want ``?key=`` of it."""

    def __init__(
        self, address: tuple[str, int], *, shop: Shop, token: str = "", pace_s: float = 6.0
    ) -> None:
        self.shop, self._token = shop, token
        self.desk = Taker(shop, pace_s=pace_s)
        self.faults = Faults(KINDS)
        self.usage = Usage()
        self.stands_since_s: float | None = None
        super().__init__(address, answer=self._answer, pull=self._pull)

    def _answer(self, asked: Asked) -> Reply:
        if asked.path == "/":
            return as_html(human.page(self.shop, FILES, self.desk.told()["orders"]))
        if asked.path.startswith(gallery.PREFIX):
            catalog = self.shop.catalog
            return gallery.picture(
                asked.path, find=catalog.by_pid, seed=catalog.seed, folder=self.shop.folder
            )
        if self._token and asked.query.get("key") != [self._token]:
            return Reply(status=401, body=b"wrong key", type="text/plain")
        self.usage.count(asked.path, points=0)
        fault = self.faults.next_for(asked.path)
        return self._failing(fault) or self._spoiled(fault, self._file(asked))

    def _file(self, asked: Asked) -> Reply:
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
            body=_packed(content, packed, name=name.removeprefix("/")),
            type="application/octet-stream",
            headers=marks,
        )

    def _written_s(self) -> float:
        """Tell when the file was written: every few minutes, while his export runs."""
        if self.stands_since_s is not None:
            return self.stands_since_s
        now_s = self.desk.now()
        return max(self.shop.changes.at_s, now_s - now_s % WRITTEN_EVERY_S)

    def _failing(self, fault: Fault | None) -> Reply | None:
        """Fail before anything is looked at, or wait, or neither."""
        if fault is None:
            return None
        if fault.kind == "slow":
            time.sleep(fault.delay_s)
        answers = {
            "drop_before": Reply(is_dropped=True),
            "500": Reply(status=500, body=b"out of order", type="text/plain"),
            "429": Reply(
                status=429,
                body=b"too often",
                type="text/plain",
                headers={"Retry-After": str(max(math.ceil(fault.delay_s), 1))},
            ),
            "redirect": Reply(status=302, headers={"Location": INSIDE}),
            "empty": Reply(type="text/csv"),
        }
        return answers.get(fault.kind)

    def _spoiled(self, fault: Fault | None, reply: Reply) -> Reply:
        if fault is None or fault.kind not in SPOILERS or reply.status != 200:  # noqa: PLR2004
            return reply
        return SPOILERS[fault.kind](fault, reply)

    def _pull(self, method: str, name: str, wish: dict[str, Any]) -> Any:
        """Pull a string behind the stage.

        Raises: BadControlError  nothing was done
        """
        action = ACTIONS.get((method, name))
        if action is None:
            raise BadControlError(f"no such control: {method} {name}")
        try:
            return action(self, wish)
        except (KeyError, TypeError, ValueError, ArithmeticError, UnknownFaultError) as error:
            raise BadControlError(f"{type(error).__name__}: {error}") from error


def _packed(content: bytes, packed: str, *, name: str) -> bytes:
    if packed == ".gz":
        return gzip.compress(content, mtime=0)
    if packed == ".zip":
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("readme.txt", "Prices without tax.")
            archive.writestr(name, content)
        return target.getvalue()
    return content


def _status(server: Server, _: dict[str, Any]) -> dict[str, Any]:
    shop = server.shop
    wares = list(shop.wares())
    return {
        "products": shop.count,
        "listed": len(wares),
        "skus": [ware.sku for ware in wares[:50]],
        "files": sorted(FILES),
        "changes": shop.changes.__dict__,
    }


def _stock_set(server: Server, wish: dict[str, Any]) -> dict[str, Any]:
    """Set what lies in the warehouses: ``{"sku": …, "DE1": 4, "PL1": 0}``."""
    piles = {name: int(units) for name, units in wish.items() if name != "sku"}
    known = server.shop.changes.stock
    server.shop.change(now_s=server.desk.now(), stock={**known, str(wish["sku"]): piles})
    return piles


def _price_set(server: Server, wish: dict[str, Any]) -> dict[str, Any]:
    known = server.shop.changes.prices
    server.shop.change(
        now_s=server.desk.now(), prices={**known, str(wish["sku"]): str(wish["price"])}
    )
    return wish


def _name_set(server: Server, wish: dict[str, Any]) -> dict[str, Any]:
    known = server.shop.changes.names
    server.shop.change(
        now_s=server.desk.now(), names={**known, str(wish["sku"]): str(wish["name"])}
    )
    return wish


def _listed(name: str) -> Callable[[Server, dict[str, Any]], dict[str, Any]]:
    def put(server: Server, wish: dict[str, Any]) -> dict[str, Any]:
        skus = [*getattr(server.shop.changes, name), str(wish["sku"])]
        server.shop.change(now_s=server.desk.now(), **{name: skus})
        return {name: skus}

    return put


def _blank(server: Server, wish: dict[str, Any]) -> dict[str, Any]:
    """Leave cells empty: ``{"sku": …, "fields": ["stock"]}``."""
    known = server.shop.changes.blank
    blank = {**known, str(wish["sku"]): [str(each) for each in wish["fields"]]}
    server.shop.change(now_s=server.desk.now(), blank=blank)
    return blank


def _drop(server: Server, wish: dict[str, Any]) -> dict[str, Any]:
    share = min(max(float(wish["share"]), 0), 1)
    server.shop.change(now_s=server.desk.now(), dropped_share=share)
    return {"share": share}


def _reset(server: Server, _: dict[str, Any]) -> dict[str, Any]:
    server.shop.reset()
    server.stands_since_s = None
    server.desk.forget()
    server.faults.clear()
    return {"reset": True}


def _stand(server: Server, wish: dict[str, Any]) -> dict[str, Any]:
    """Write no file any more since so many seconds ago, whatever changes; None writes again."""
    seconds = wish["seconds_ago"]
    server.stands_since_s = None if seconds is None else server.desk.now() - float(seconds)
    return {"stands_since_s": server.stands_since_s}


def _fault(server: Server, wish: dict[str, Any]) -> dict[str, Any]:
    return server.faults.add(
        path=str(wish["path"]),
        kind=str(wish["kind"]),
        count=int(wish.get("count", 1)),
        skip=int(wish.get("skip", 0)),
        delay_s=float(wish.get("delay", 1.0)),
    )


def _usage(server: Server, _: dict[str, Any]) -> dict[str, Any]:
    return server.usage.told()


def _orders(server: Server, _: dict[str, Any]) -> dict[str, Any]:
    return server.desk.told()


def _clock(server: Server, wish: dict[str, Any]) -> dict[str, Any]:
    """Let so many seconds pass at once."""
    server.desk.put_on(float(wish["seconds"]))
    return {"now_s": server.desk.now()}


def _pace(server: Server, wish: dict[str, Any]) -> dict[str, Any]:
    server.desk.set_pace(float(wish["seconds"]))
    return {"seconds": server.desk.pace_s}


def _no_faults(server: Server, _: dict[str, Any]) -> dict[str, Any]:
    server.faults.clear()
    return {"faults": []}


ACTIONS: dict[tuple[str, str], Callable[[Server, dict[str, Any]], Any]] = {
    ("GET", "status"): _status,
    ("GET", "orders"): _orders,
    ("GET", "usage"): _usage,
    ("POST", "clock"): _clock,
    ("POST", "pace"): _pace,
    ("POST", "stock"): _stock_set,
    ("POST", "price"): _price_set,
    ("POST", "name"): _name_set,
    ("POST", "gone"): _listed("gone"),
    ("POST", "leave_out"): _listed("left_out"),
    ("POST", "blank"): _blank,
    ("POST", "drop_catalog"): _drop,
    ("POST", "stand"): _stand,
    ("POST", "reset"): _reset,
    ("POST", "faults"): _fault,
    ("POST", "faults/clear"): _no_faults,
}
