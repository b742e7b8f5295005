"""Shopify server: serve the API, the controls and a status page on one port."""

import html
from functools import partial
from typing import Any

from storefront.dev.sandboxes.core.control import perform
from storefront.dev.sandboxes.core.faults import MESSAGE_KINDS, WEBHOOKS
from storefront.dev.sandboxes.core.http_server import Listener, Reply, Request, as_html
from storefront.dev.sandboxes.core.status_page import (
    SHOWN_ORDERS,
    button,
    fault_table,
    order_table,
)
from storefront.dev.sandboxes.core.status_page import page as status_page
from storefront.dev.sandboxes.shopify import dispatch
from storefront.dev.sandboxes.shopify.control import ACTIONS
from storefront.dev.sandboxes.shopify.shopper import listed
from storefront.dev.sandboxes.shopify.state import KINDS, SandboxState, gid, stamp

SHOWN_VARIANTS = 40


def page(state: SandboxState) -> str:
    left = state.bucket.status(now_s=state.now())
    orders = listed(state, {})[-SHOWN_ORDERS:][::-1]
    return status_page(
        "Sandbox Shopify store",
        intro="A local store in the dialect of Shopify's GraphQL Admin API, version 2026-10, at"
        f" <code>{dispatch.GRAPHQL}</code>. Points left: {left['currentlyAvailable']:,} of"
        f" {left['maximumAvailable']:,.0f}, {left['restoreRate']:g} a second.",
        pictures=(),
        sections={
            "Products": _variant_table(state),
            "Orders": order_table([_row(each) for each in orders]),
            "Faults": fault_table(
                state.faults.listed(),
                kinds=KINDS | MESSAGE_KINDS,
                example="productSet",
                note=f"<p><small>For webhooks the path is <code>{WEBHOOKS}</code>.</small></p>",
            ),
        },
    )


def _variant_table(state: SandboxState) -> str:
    rows = state.ledger.rows(
        "SELECT p.title, p.status, v.options, v.sku, v.price, v.compare_at, l.available"
        " FROM variants v JOIN products p ON p.id = v.product_id"
        " LEFT JOIN levels l ON l.item_id = v.id AND l.location = 1"
        " ORDER BY p.id, v.position LIMIT ?",
        SHOWN_VARIANTS,
    )
    if not rows:
        return "<p>None yet.</p>"
    body = "".join(
        f"<tr><td>{html.escape(row['title'])}<br><small>{html.escape(row['options'])}</small>"
        f"<td>{html.escape(row['sku'])}<td>{row['price']}<br><s>{row['compare_at'] or ''}</s>"
        f"<td>{row['available']}<td>{row['status'].lower()}<td>"
        + button("Buy one", action="orders", units=html.escape(row["sku"], quote=True))
        for row in rows
    )
    head = "<tr><th>Product<th>SKU<th>Price<th>Available<th>Status<th>Action"
    return f"<table>{head}{body}</table>"


def _row(order: dict[str, Any]) -> dict[str, str]:
    number = gid("Order", order["id"])
    is_open = order["canceled_s"] is None
    parcels = order["parcels"]
    return {
        "number": order["name"],
        "id": str(order["id"]),
        "status": order["financial_status"].lower() + ("" if is_open else ", cancelled"),
        "goods": ", ".join(f"{e['quantity']} × {e['sku']}" for e in order["lines"]),
        "tracking": ", ".join(e["number"] or "" for e in parcels),
        "carrier": ", ".join(e["company"] or "" for e in parcels),
        "created": str(stamp(order["created_s"])),
        "buttons": button("Cancel", action="orders/cancel", id=number) if is_open else "",
    }


class Server(Listener):
    """The HTTP server of the sandbox."""

    max_body_bytes = 4_000_000

    def __init__(self, address: tuple[str, int], *, state: SandboxState) -> None:
        def answer(asked: Request) -> Reply:
            if asked.path == "/":
                return as_html(page(state))
            return dispatch.reply_to(state, asked)

        super().__init__(address, answer=answer, control=partial(perform, ACTIONS, state))
