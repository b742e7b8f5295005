"""Store server: serve API, controls and a status page of one store on one port."""

import html
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from storefront.dev.sandboxes.core.control import perform
from storefront.dev.sandboxes.core.faults import (
    MESSAGE_KINDS,
    WEBHOOKS,
    Fault,
    reply_after,
    reply_before,
)
from storefront.dev.sandboxes.core.http_server import Listener, Reply, Request, as_html
from storefront.dev.sandboxes.core.status_page import button, fault_table
from storefront.dev.sandboxes.core.status_page import page as status_page
from storefront.dev.sandboxes.store.shop import Shop, actions_of
from storefront.dev.sandboxes.store.state import StoreState

SHOWN = 50
DIGITS = re.compile(r"/\d+(?=/|$)")


def find_route[C](
    routes: Mapping[str, Mapping[str, C]], path: str, method: str
) -> tuple[C, list[int]] | None:
    """Return the call of a path and the numbers in it; patterns are compared in their order."""
    for pattern, calls in routes.items():
        match = re.fullmatch(pattern, path)
        if match is not None and method in calls:
            return calls[method], [int(part) for part in match.groups() if part.isdecimal()]
    return None


def parameter(asked: Request, name: str) -> str:
    """Return the first value of a query parameter; empty without one."""
    return (asked.query.get(name) or [""])[0]


def answer_with_faults(
    state: StoreState[Any],
    asked: Request,
    *,
    answer: Callable[[Request], Reply],
    before: Mapping[str, Callable[[Fault], Reply]],
) -> Reply:
    """Answer one request, unless a fault prevents or damages the answer.

    Faults and counters call it by its path without numbers: ``/v3/orders/{id}:PUT``.
    """
    name = f"{DIGITS.sub('/{id}', asked.path.rstrip('/'))}:{asked.method}"
    state.usage.count(name, points=1)
    fault = state.faults.next_for(name)
    prevented = reply_before(fault, before)
    return prevented if prevented is not None else reply_after(fault, answer(asked), {})


class StoreServer[S: StoreState[Any]](Listener):
    """The HTTP server of one store."""

    max_body_bytes = 10_000_000

    def __init__(self, address: tuple[str, int], *, state: S, shop: Shop[S]) -> None:
        controls = actions_of(shop)

        def answer(asked: Request) -> Reply:
            return as_html(page(state, shop)) if asked.path == "/" else shop.reply(state, asked)

        def control(method: str, name: str, arguments: Any) -> Any:
            with state.ledger.writing():
                return perform(controls, state, method, name, arguments)

        super().__init__(address, answer=answer, control=control)


def page[S: StoreState[Any]](state: S, shop: Shop[S]) -> str:
    """Return the status page: the last orders and products with buttons, and the faults."""
    rules = state.rules
    sent = state.ledger.row("SELECT count(*) AS all_, sum(state = 'sent') AS sent FROM messages")
    counts = sent or {"all_": 0, "sent": 0}
    orders = [
        (*map(html.escape, shop.summary(state, order)), _order_buttons(order))
        for order in state.documents.all("order")[-SHOWN:][::-1]
    ]
    products = [
        (
            html.escape(row["title"]),
            "shown" if row["is_active"] else "hidden",
            html.escape(", ".join(row["skus"])),
            " ".join(_buy_button(sku) for sku in row["skus"][:1]),
        )
        for row in shop.products(state)[-SHOWN:][::-1]
    ]
    return status_page(
        shop.title,
        intro=f"{html.escape(rules.name)}, {rules.currency}, tax {rules.tax_percent} % included."
        f" {counts['sent'] or 0} of {counts['all_']} webhooks were acknowledged.",
        pictures=(),
        sections={
            "Orders": _table(orders),
            "Products": _table(products),
            "Faults": fault_table(
                state.faults.listed(),
                kinds=state.FAULT_KINDS | MESSAGE_KINDS,
                example=shop.fault_example,
                note=f"<p><small>For webhooks the path is <code>{WEBHOOKS}</code>.</small></p>",
            ),
        },
    )


def _order_buttons(order: Mapping[str, Any]) -> str:
    actions = {"Pay": "orders/pay", "Cancel": "orders/cancel"}
    return " ".join(button(name, action=to, id=order["id"]) for name, to in actions.items())


def _buy_button(sku: str) -> str:
    return button("Buy one", action="orders", units=html.escape(sku, quote=True))


def _table(rows: Sequence[tuple[str, ...]]) -> str:
    """Return a table of HTML cells: name, status, details and buttons."""
    if not rows:
        return "<p>None yet.</p>"
    body = "".join(f"<tr>{''.join(f'<td>{cell}' for cell in row)}" for row in rows)
    return f"<table><tr><th>Name<th>Status<th>Details<th>{body}</table>"
