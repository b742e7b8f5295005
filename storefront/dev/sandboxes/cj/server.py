"""CJ server: serve the API, its pictures and a status page on one port.

The status page shows products, orders and active faults.
"""

from __future__ import annotations

import html
from collections.abc import Iterable
from typing import Any

from storefront.dev.sandboxes.core.faults import MESSAGE_KINDS, REQUEST_KINDS, WEBHOOKS
from storefront.dev.sandboxes.core.http_server import Listener, Reply, Request, as_html
from storefront.dev.sandboxes.pictures import coloring

from . import control, dispatch
from .control import faults, ledger, status
from .dispatch import Limits
from .state import SandboxState, stamp

STYLE = """
:root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;
max-width:64rem;padding:0 1rem}h1{letter-spacing:-.03em}table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.4rem .6rem;border-bottom:1px solid #8884;vertical-align:top}
form{display:inline}button,input,select{font:inherit;padding:.3rem .6rem}.shelf{display:flex;
gap:.5rem;flex-wrap:wrap;margin:1rem 0}.shelf img{width:9rem;border-radius:1rem;
background:radial-gradient(circle at 40% 35%,#3a4150,#12151d)}small{color:#888}
"""
SHOWN_ORDERS, SHOWN_GOODS = 50, 12


def page(state: SandboxState) -> str:
    now, known = status(state, {}), ledger(state, {})
    orders = known["orders"][-SHOWN_ORDERS:][::-1]
    desk = fault_table(
        faults(state, {}),
        kinds=REQUEST_KINDS | MESSAGE_KINDS,
        example="createOrderV2",
        note=f"<p><small>For messages the path is <code>{WEBHOOKS}</code>.</small></p>",
    )
    return (
        "<!doctype html><html lang=en><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width'><title>Sandbox supplier</title>"
        f"<style>{STYLE}</style><h1>Sandbox supplier</h1>"
        f"<p>{now['good']} products and {now['bad']} deliberately bad records, seed"
        f" {now['seed']}. {_pace(now['pace_s'])} Balance"
        f" ${known['balance_cents'] / 100:,.2f}. The API is at"
        " <code>/api2.0/v1/</code>, the controls at <code>/control/</code>.</p>"
        f"<div class=shelf>{_shelf(state)}</div>"
        f"<h2>Orders</h2>{_orders(orders)}<h2>Faults</h2>{desk}"
    )


def _pace(pace_s: float) -> str:
    if pace_s:
        return f"Orders change status every {pace_s:g} s."
    return "Orders change status manually only."


def _shelf(state: SandboxState) -> str:
    pictures = []
    for position in range(min(SHOWN_GOODS, len(state.catalog))):
        product = state.catalog.at(position)
        title = html.escape(product.title)
        source = f"/pictures/{product.pid}/0/front.png"
        pictures.append(f'<img src="{source}" alt="{title}" title="{title}" loading=lazy>')
    return "".join(pictures)


def _orders(orders: list[dict[str, Any]]) -> str:
    if not orders:
        return "<p>None yet.</p>"
    rows = "".join(
        f"<tr><td>{html.escape(order['order_number'])}<br><small>{order['cj_id']}</small>"
        f"<td>{order['status']}<td>{html.escape(_goods(order))}"
        f"<td>{html.escape(order['track_number'] or '')}<br>"
        f"<small>{html.escape(order['logistic_name'])}</small>"
        f"<td>{stamp(order['created_s'])}<td>{_buttons(order)}"
        for order in orders
    )
    head = "<tr><th>Number<th>Status<th>Items<th>Tracking<th>Created, UTC<th>Action"
    return f"<table>{head}{rows}</table>"


def _goods(order: dict[str, Any]) -> str:
    return ", ".join(f"{line['quantity']} × {line['sku']}" for line in order["lines"])


def _buttons(order: dict[str, Any]) -> str:
    steps = {
        "UNSHIPPED": (("advance", "SHIPPED", "Ship"), ("cancel", "", "Cancel")),
        "SHIPPED": (("advance", "DELIVERED", "Deliver"),),
    }.get(order["status"], ())
    return " ".join(
        f"<form method=post action=/control/{action}>"
        f"<input type=hidden name=cjOrderId value='{order['cj_id']}'>"
        f"<input type=hidden name=to value={to or 'CANCELLED'}><button>{label}</button></form>"
        for action, to, label in steps
    )


def fault_table(
    standing: list[dict[str, Any]], *, kinds: Iterable[str], example: str, note: str = ""
) -> str:
    """Return the HTML table of active faults, and the form for a new one."""
    rows = "".join(
        f"<tr><td>{html.escape(fault['path'])}<td>{fault['kind']}<td>{fault['done']}"
        f" of {fault['count'] or 'all'}<td><form method=post action=/control/faults/clear>"
        f"<input type=hidden name=id value={fault['id']}><button>Remove</button></form>"
        for fault in standing
    )
    choices = "".join(f"<option>{kind}" for kind in sorted(kinds))
    table = f"<table><tr><th>Where<th>Kind<th>Done<th>{rows}</table>" if rows else ""
    return (
        f"{table}<form method=post action=/control/faults><p>"
        f"<label>Path ends in <input name=path value={example}></label> "
        f"<label>Kind <select name=kind>{choices}</select></label> "
        "<label>Times <input name=count type=number value=1 min=0 size=4></label> "
        "<label>Delay, s <input name=delay value=1 size=3></label> <button>Set</button></p>"
        f"{note}</form>"
    )


# Server


class Server(Listener):
    """The HTTP server of one sandbox."""

    def __init__(self, address: tuple[str, int], *, state: SandboxState) -> None:
        self.state = state
        self.limits = Limits(qps=state.rules.qps, points=state.rules.points)
        super().__init__(
            address,
            answer=self._answer,
            pull=lambda method, name, arguments: control.perform(
                state, method=method, name=name, arguments=arguments
            ),
        )

    def _answer(self, asked: Request) -> Reply:
        if asked.path.startswith(dispatch.PREFIX):
            return dispatch.reply_to(
                self.state,
                self.limits,
                method=asked.method,
                path=asked.path,
                query=asked.query,
                body=asked.body,
                token=asked.headers["CJ-Access-Token"] or "",
                peer=asked.peer,
            )
        if asked.path.startswith(coloring.PREFIX):
            shelf = self.state.catalog
            return coloring.picture(asked.path, find=shelf.by_pid, seed=shelf.seed)
        if asked.path == "/":
            return as_html(page(self.state))
        return Reply(status=404, body=b"not found", type="text/plain")
