"""BigBuy server: serve the API, its pictures and a status page on one port."""

from typing import Any

from storefront.dev.sandboxes.bigbuy import dispatch
from storefront.dev.sandboxes.bigbuy import orders as bigbuy_orders
from storefront.dev.sandboxes.bigbuy.control import ACTIONS, orders, status
from storefront.dev.sandboxes.bigbuy.goods import title
from storefront.dev.sandboxes.bigbuy.lists import stamp
from storefront.dev.sandboxes.bigbuy.state import FAULT_KINDS, SandboxState
from storefront.dev.sandboxes.core.status_page import (
    SHOWN_GOODS,
    SHOWN_ORDERS,
    button,
    fault_table,
    order_table,
)
from storefront.dev.sandboxes.core.status_page import page as status_page
from storefront.dev.sandboxes.supplier import SupplierServer


def page(state: SandboxState) -> str:
    now, known = status(state, {}), orders(state, {})["orders"]
    shown = map(state.goods.product, state.goods.ids()[:SHOWN_GOODS])
    return status_page(
        "BigBuy sandbox",
        intro=f"{now['good']} products and {now['bad']} deliberately bad records, seed"
        f" {now['seed']}."
        f" Orders change status every {now['pace_s']:g} s (0: manual only). An hour lasts"
        f" {now['hour_s']:g} s (0: no limits). Purse €{now['purse_eur']}. The API is at"
        " <code>/rest/</code>, the controls at <code>/control/</code>.",
        pictures=((f"/pictures/{each.pid}/0/front.png", title(each)) for each in shown),
        sections={
            "Orders": order_table([_row(each) for each in known[-SHOWN_ORDERS:][::-1]]),
            "Faults": fault_table(state.faults.listed(), kinds=FAULT_KINDS, example="order/create"),
        },
    )


def _row(order: dict[str, Any]) -> dict[str, str]:
    status = order["status"]
    steps = [bigbuy_orders.NEXT[status]] if status in bigbuy_orders.NEXT else []
    if status in {bigbuy_orders.ACCEPTED, bigbuy_orders.PACKING}:
        steps.append(bigbuy_orders.CANCELED)
    return {
        "number": order["reference"],
        "id": order["id"],
        "status": status,
        "goods": ", ".join(f"{line['quantity']} × {line['reference']}" for line in order["lines"]),
        "tracking": order["tracking"],
        "carrier": order["carrier"],
        "created": stamp(order["created_s"]),
        "buttons": " ".join(button(to, action="advance", id=order["id"], to=to) for to in steps),
    }


class Server(SupplierServer):
    """The HTTP server of one sandbox."""

    def __init__(self, address: tuple[str, int], *, state: SandboxState) -> None:
        super().__init__(
            address,
            state=state,
            products=state.goods,
            actions=ACTIONS,
            reply=lambda asked: dispatch.reply_to(state, asked),
            page=lambda: page(state),
        )
