"""CJ server: serve the API, its pictures and a status page on one port.

The status page shows products, orders and active faults.
"""

from typing import Any

from storefront.dev.sandboxes.core.faults import MESSAGE_KINDS, REQUEST_KINDS, WEBHOOKS
from storefront.dev.sandboxes.core.status_page import (
    SHOWN_GOODS,
    SHOWN_ORDERS,
    button,
    fault_table,
    order_table,
)
from storefront.dev.sandboxes.core.status_page import page as status_page
from storefront.dev.sandboxes.supplier import SupplierServer

from . import dispatch
from .control import ACTIONS, ledger, status
from .state import SandboxState, stamp


def page(state: SandboxState) -> str:
    now, known = status(state, {}), ledger(state, {})
    shown = map(state.catalog.at, range(min(SHOWN_GOODS, len(state.catalog))))
    return status_page(
        "Sandbox supplier",
        intro=f"{now['good']} products and {now['bad']} deliberately bad records, seed"
        f" {now['seed']}. Orders change status every {now['pace_s']:g} s (0: manual only)."
        f" Balance ${known['balance_cents'] / 100:,.2f}. The API is at"
        " <code>/api2.0/v1/</code>, the controls at <code>/control/</code>.",
        pictures=((f"/pictures/{each.pid}/0/front.png", each.title) for each in shown),
        sections={
            "Orders": order_table([_row(each) for each in known["orders"][-SHOWN_ORDERS:][::-1]]),
            "Faults": fault_table(
                state.faults.listed(),
                kinds=REQUEST_KINDS | MESSAGE_KINDS,
                example="createOrderV2",
                note=f"<p><small>For messages the path is <code>{WEBHOOKS}</code>.</small></p>",
            ),
        },
    )


def _row(order: dict[str, Any]) -> dict[str, str]:
    steps = {
        "UNSHIPPED": (("Ship", "advance", "SHIPPED"), ("Cancel", "cancel", "CANCELLED")),
        "SHIPPED": (("Deliver", "advance", "DELIVERED"),),
    }.get(order["status"], ())
    return {
        "number": order["order_number"],
        "id": order["cj_id"],
        "status": order["status"],
        "goods": ", ".join(f"{line['quantity']} × {line['sku']}" for line in order["lines"]),
        "tracking": order["track_number"] or "",
        "carrier": order["logistic_name"],
        "created": stamp(order["created_s"]),
        "buttons": " ".join(
            button(label, action=action, cjOrderId=order["cj_id"], to=to)
            for label, action, to in steps
        ),
    }


class Server(SupplierServer):
    """The HTTP server of one sandbox."""

    def __init__(self, address: tuple[str, int], *, state: SandboxState) -> None:
        limits = dispatch.Limits(qps=state.rules.qps, points=state.rules.points)
        super().__init__(
            address,
            state=state,
            products=state.catalog,
            actions=ACTIONS,
            reply=lambda asked: dispatch.reply_to(state, limits, asked),
            page=lambda: page(state),
        )
