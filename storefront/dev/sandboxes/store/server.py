"""Store server: serve API, controls and a status page of one store on one port."""

import html
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from storefront.dev.sandboxes.core.control import FAULT_ACTIONS, Actions, perform
from storefront.dev.sandboxes.core.faults import Fault, reply_after, reply_before
from storefront.dev.sandboxes.core.http_server import Listener, Reply, Request, as_html
from storefront.dev.sandboxes.core.status_page import button, fault_table
from storefront.dev.sandboxes.core.status_page import page as status_page
from storefront.dev.sandboxes.store.sales import DELIVERY
from storefront.dev.sandboxes.store.state import FAULT_KINDS, Document, StoreState
from storefront.dev.sandboxes.store.webhooks import messages, redeliver
from storefront.dev.sandboxes.supplier import advance_clock

SHOWN = 50
DIGITS = re.compile(r"/\d+(?=/|$)")

type Arguments = dict[str, Any]


class ApiError(Exception):
    """The caller gets an error status, and a body that explains it."""

    def __init__(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status} {body}")
        self.status, self.body, self.headers = status, body, dict(headers or {})


def compile_routes[C](table: Mapping[str, C]) -> list[tuple[re.Pattern[str], C]]:
    """Compile the patterns of paths, in their order."""
    return [(re.compile(pattern), calls) for pattern, calls in table.items()]


def parameter(asked: Request, name: str) -> str:
    """Return the first value of a query parameter; empty without one."""
    return (asked.query.get(name) or [""])[0]


def call_name(asked: Request) -> str:
    """Return what faults and counters call a request: ``/v3/orders/{id}:PUT``."""
    return f"{DIGITS.sub('/{id}', asked.path.rstrip('/'))}:{asked.method}"


def answer_with_faults(
    state: StoreState[Any],
    asked: Request,
    *,
    answer: Callable[[Request], Reply],
    before: Mapping[str, Callable[[Fault], Reply]],
) -> Reply:
    """Answer one request, unless a fault prevents or damages the answer."""
    name = call_name(asked)
    state.usage.count(name, points=1)
    fault = state.faults.next_for(name)
    prevented = reply_before(fault, before)
    return prevented if prevented is not None else reply_after(fault, answer(asked), {})


def order_of(state: StoreState[Any], arguments: Arguments) -> Document:
    """Return the order that a control call names. Raises ValueError."""
    found = state.documents.get("order", int(arguments["id"]))
    if found is None:
        raise ValueError("no such order")
    return found


def sale_of(arguments: Arguments) -> dict[str, Any]:
    """Return units, payment, discount and delivery of an order that a buyer places."""
    return {
        "units": {str(sku): int(count) for sku, count in arguments["units"].items()},
        "is_paid": bool(arguments.get("paid", True)),
        "discount": Decimal(str(arguments.get("discount", "0"))),
        "delivery": Decimal(str(arguments.get("delivery", DELIVERY))),
    }


def _usage(state: StoreState[Any], _: Arguments) -> dict[str, Any]:
    return state.usage.report()


def _forget_usage(state: StoreState[Any], _: Arguments) -> dict[str, Any]:
    state.usage.clear()
    return {}


def _reset(state: StoreState[Any], _: Arguments) -> dict[str, Any]:
    """Delete products, orders, webhooks, faults and counters; ids are not used again."""
    with state.ledger.writing():
        state.ledger.wipe()
        state.ledger.forget("last_change_s", "is_throttled")
    state.documents.reload()
    state.faults.clear()
    state.usage.clear()
    return {"reset": True}


STORE_ACTIONS: Actions[StoreState[Any]] = {
    **FAULT_ACTIONS,
    ("GET", "messages"): messages,
    ("POST", "messages/redeliver"): redeliver,
    ("GET", "usage"): _usage,
    ("POST", "usage/forget"): _forget_usage,
    ("POST", "advance_clock"): advance_clock,
    ("POST", "reset"): _reset,
}


class StoreServer(Listener):
    """The HTTP server of one store."""

    max_body_bytes = 10_000_000

    def __init__[S: StoreState[Any]](
        self,
        address: tuple[str, int],
        *,
        state: S,
        actions: Actions[S],
        reply: Callable[[Request], Reply],
        page: Callable[[], str],
    ) -> None:
        def answer(asked: Request) -> Reply:
            return as_html(page()) if asked.path == "/" else reply(asked)

        def control(method: str, name: str, arguments: Arguments) -> Any:
            with state.ledger.writing():
                return perform(actions, state, method, name, arguments)

        super().__init__(address, answer=answer, control=control)


def store_page(
    state: StoreState[Any],
    *,
    title: str,
    orders: list[Mapping[str, str]],
    products: list[Mapping[str, str]],
    example: str,
) -> str:
    """Return the status page; rows have a title and details, orders also ``id``."""
    rules = state.rules
    sent = state.ledger.row("SELECT count(*) AS all_, sum(state = 'sent') AS sent FROM messages")
    counts = sent or {"all_": 0, "sent": 0}
    return status_page(
        title,
        intro=f"{html.escape(rules.name)}, {rules.currency}, tax {rules.tax_percent} % included."
        f" {counts['sent'] or 0} of {counts['all_']} webhooks were acknowledged. A buyer orders at"
        " <code>/control/orders</code>.",
        pictures=(),
        sections={
            "Orders": _table(orders[-SHOWN:][::-1], _order_buttons),
            "Products": _table(products[-SHOWN:][::-1], lambda _: ""),
            "Faults": fault_table(state.faults.listed(), kinds=FAULT_KINDS, example=example),
        },
    )


def _order_buttons(row: Mapping[str, str]) -> str:
    actions = {"Pay": "orders/pay", "Cancel": "orders/cancel"}
    return " ".join(button(name, action=to, id=row["id"]) for name, to in actions.items())


def _table(rows: list[Mapping[str, str]], buttons: Callable[[Mapping[str, str]], str]) -> str:
    if not rows:
        return "<p>None yet.</p>"
    body = "".join(
        f"<tr><td>{html.escape(row['title'])}<td>{html.escape(row['status'])}"
        f"<td>{html.escape(row['details'])}<td>{buttons(row)}"
        for row in rows
    )
    return f"<table><tr><th>Name<th>Status<th>Details<th>{body}</table>"
