"""BigBuy server: serve the API, its pictures and a status page on one port."""

from __future__ import annotations

import html
from typing import Any

from storefront.dev.sandboxes.bigbuy import control, dispatch
from storefront.dev.sandboxes.bigbuy import orders as bigbuy_orders
from storefront.dev.sandboxes.bigbuy.control import faults, orders, status
from storefront.dev.sandboxes.bigbuy.goods import title
from storefront.dev.sandboxes.bigbuy.lists import stamp
from storefront.dev.sandboxes.bigbuy.state import FAULT_KINDS, SandboxState
from storefront.dev.sandboxes.cj.server import STYLE, fault_table
from storefront.dev.sandboxes.core.http_server import Listener, Reply, Request, as_html
from storefront.dev.sandboxes.pictures import coloring

SHOWN_ORDERS, SHOWN_GOODS = 50, 12


def page(state: SandboxState) -> str:
    now, known = status(state, {}), orders(state, {})["orders"][-SHOWN_ORDERS:][::-1]
    desk = fault_table(faults(state, {}), kinds=FAULT_KINDS, example="order/create")
    return (
        "<!doctype html><html lang=en><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width'><title>BigBuy sandbox</title>"
        f"<style>{STYLE}</style><h1>BigBuy sandbox</h1>"
        f"<p>{now['good']} products and {now['bad']} deliberately bad records, seed {now['seed']}."
        f" Orders change status every {now['pace_s']:g} s (0: manual only). An hour lasts"
        f" {now['hour_s']:g} s (0: no limits). Purse €{now['purse_eur']}. The API is at"
        " <code>/rest/</code>, the controls at <code>/control/</code>.</p>"
        f"<div class=shelf>{_shelf(state)}</div>"
        f"<h2>Orders</h2>{_orders(known)}<h2>Faults</h2>{desk}"
    )


def _shelf(state: SandboxState) -> str:
    shown = []
    for key in state.goods.ids()[:SHOWN_GOODS]:
        product = state.goods.product(key)
        name = html.escape(title(product))
        source = f"/pictures/{product.pid}/0/front.png"
        shown.append(f'<img src="{source}" alt="{name}" title="{name}" loading=lazy>')
    return "".join(shown)


def _orders(known: list[dict[str, Any]]) -> str:
    if not known:
        return "<p>None yet.</p>"
    rows = "".join(
        f"<tr><td>{html.escape(order['reference'])}<br><small>{order['id']}</small>"
        f"<td>{order['status']}<td>{html.escape(_goods(order))}"
        f"<td>{html.escape(order['tracking'])}<br><small>{html.escape(order['carrier'])}</small>"
        f"<td>{stamp(order['created_s'])}<td>{_buttons(order)}"
        for order in known
    )
    head = "<tr><th>Number<th>Status<th>Items<th>Tracking<th>Created, UTC<th>Action"
    return f"<table>{head}{rows}</table>"


def _goods(order: dict[str, Any]) -> str:
    return ", ".join(f"{line['quantity']} × {line['reference']}" for line in order["lines"])


def _buttons(order: dict[str, Any]) -> str:
    steps = [bigbuy_orders.NEXT[order["status"]]] if order["status"] in bigbuy_orders.NEXT else []
    steps += (
        [bigbuy_orders.CANCELED]
        if order["status"] in {bigbuy_orders.TAKEN, bigbuy_orders.PACKING}
        else []
    )
    return " ".join(
        "<form method=post action=/control/advance>"
        f"<input type=hidden name=id value='{order['id']}'>"
        f"<input type=hidden name=to value='{to}'><button>{to}</button></form>"
        for to in steps
    )


# Server


class Server(Listener):
    """The HTTP server of one sandbox."""

    def __init__(self, address: tuple[str, int], *, state: SandboxState) -> None:
        self.state = state
        super().__init__(
            address,
            answer=self._answer,
            pull=lambda method, name, arguments: control.perform(
                state, method=method, name=name, arguments=arguments
            ),
        )

    def _answer(self, asked: Request) -> Reply:
        if asked.path.startswith(dispatch.PREFIX):
            return dispatch.reply_to(self.state, asked)
        if asked.path.startswith(coloring.PREFIX):
            goods = self.state.goods
            return coloring.picture(asked.path, find=goods.by_pid, seed=goods.seed)
        if asked.path == "/":
            return as_html(page(self.state))
        return Reply(status=404, body=b"not found", type="text/plain")
