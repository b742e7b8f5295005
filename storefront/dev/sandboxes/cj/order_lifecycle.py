"""CJ order lifecycle: create, pay, ship, deliver and cancel orders, move their stock.

An order is validated and priced before it is stored; payment from the balance is optional.
"""

import json
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from storefront.dev.sandboxes.core.http_server import repeat_in_thread
from storefront.dev.sandboxes.goods.model import Product, Variant

from . import freight, webhooks
from .freight import PAGES, carrier_of, tracking_number
from .state import SandboxState

CREATED, IN_CART, UNPAID = "CREATED", "IN_CART", "UNPAID"
UNSHIPPED, SHIPPED, DELIVERED, CANCELLED = "UNSHIPPED", "SHIPPED", "DELIVERED", "CANCELLED"
OPEN = (CREATED, IN_CART, UNPAID, UNSHIPPED)
IDLE_S = 0.2


class StatusNotAllowedError(ValueError):
    """The order's status does not allow the change. Nothing was changed."""


def order_by(state: SandboxState, name: str) -> dict[str, Any] | None:
    """Return the order with this CJ id, or with the caller's number."""
    return state.ledger.row("SELECT * FROM orders WHERE cj_id = ? OR order_number = ?", name, name)


def set_status(
    state: SandboxState, order: dict[str, Any], *, status: str, fault: str = "", **columns: Any
) -> None:
    """Store a new status, its effect and its webhook, in one transaction."""
    changes = {"status": status, "moved_s": state.now(), **columns}
    assigned = ", ".join(f"{name} = ?" for name in changes)
    with state.ledger.writing():
        state.ledger.run(
            f"UPDATE orders SET {assigned} WHERE cj_id = ?",  # noqa: S608 our own names
            *changes.values(),
            order["cj_id"],
        )
        order.update(changes, fault=fault)
        record_effect(state, status.lower(), order)
        if status not in {CREATED, IN_CART}:
            webhooks.queue_order_event(state, order)


def record_effect(state: SandboxState, kind: str, order: dict[str, Any]) -> None:
    state.ledger.insert(
        "effects",
        at_s=state.now(),
        kind=kind,
        order_number=order["order_number"],
        cj_id=order["cj_id"],
        fault=order.get("fault", ""),
    )


def ship(state: SandboxState, order: dict[str, Any]) -> None:
    if order["status"] != UNSHIPPED:
        raise StatusNotAllowedError(f"{order['cj_id']} is {order['status']}")
    carrier = carrier_of(order["logistic_name"])
    number = tracking_number(carrier, cj_id=order["cj_id"])
    with state.ledger.writing():
        set_status(
            state,
            order,
            status=SHIPPED,
            track_number=number,
            tracking_url=PAGES[carrier].format(number=number),
            shipped_s=state.now(),
        )
        webhooks.queue_parcel_event(state, order)


def deliver(state: SandboxState, order: dict[str, Any]) -> None:
    if order["status"] != SHIPPED:
        raise StatusNotAllowedError(f"{order['cj_id']} is {order['status']}")
    with state.ledger.writing():
        set_status(state, order, status=DELIVERED, delivered_s=state.now())
        webhooks.queue_parcel_event(state, order)


def cancel(state: SandboxState, order: dict[str, Any]) -> None:
    """Cancel an order that is not shipped: stock and money are returned."""
    if order["status"] not in OPEN:
        raise StatusNotAllowedError(f"{order['cj_id']} is {order['status']}")
    with state.ledger.writing():
        if order["paid_s"] is not None:
            set_balance_cents(state, balance_cents(state) + total_cents(order))
        take_stock(state, order, times=-1)
        set_status(state, order, status=CANCELLED)


def advance(state: SandboxState, order: dict[str, Any], *, to: str) -> None:
    """Move the order through the statuses up to this one.

    Raises: StatusNotAllowedError  it is past that status, or unpaid
    """
    if to == CANCELLED:
        cancel(state, order)
        return
    if to not in {SHIPPED, DELIVERED}:
        raise StatusNotAllowedError(f"advance to {SHIPPED}, {DELIVERED} or {CANCELLED}")
    if order["status"] == UNSHIPPED or to == SHIPPED:
        ship(state, order)
    if to == DELIVERED:
        deliver(state, order)


def take_stock(state: SandboxState, order: dict[str, Any], *, times: int = 1) -> None:
    """Deduct an order's units from stock, or return them.

    Raises: InsufficientStockError  a line is short; the caller's transaction must fail
    """
    for line in json.loads(order["lines"]):
        state.stock_store.take(
            line["vid"], country=order["from_country"], quantity=times * line["quantity"]
        )


def balance_cents(state: SandboxState) -> int:
    start = int(Decimal(state.rules.balance_usd) * 100)
    return int(state.ledger.fact("balance_cents", start))


def set_balance_cents(state: SandboxState, cents: int) -> None:
    state.ledger.set_fact("balance_cents", cents)


def advance_due(state: SandboxState) -> None:
    """Move every order whose time in its status is over."""
    pace_s = state.pace_s
    if pace_s <= 0:
        return
    for order in state.ledger.rows(
        "SELECT * FROM orders WHERE status IN (?, ?) AND moved_s <= ? ORDER BY moved_s",
        UNSHIPPED,
        SHIPPED,
        state.now() - pace_s,
    ):
        step = ship if order["status"] == UNSHIPPED else deliver
        try:
            with state.ledger.writing():
                step(state, order_by(state, order["cj_id"]) or order)
        except StatusNotAllowedError:  # moved by another call
            continue


def start(state: SandboxState) -> threading.Thread:
    """Move due orders in a thread until the sandbox stops."""
    return repeat_in_thread(lambda: advance_due(state), every_s=IDLE_S, stopping=state.stopping)


# Creation and payment

PAY_PAGE, PAY_BALANCE, CREATE_ONLY = "1", "2", "3"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    product: Product
    variant: Variant
    quantity: int
    store_line_id: str


class DuplicateNumberError(Exception):
    """An order with this number exists."""


class InsufficientBalanceError(Exception):
    """The balance does not cover the order."""


def parcel_of(lines: list[OrderLine]) -> freight.Parcel:
    held = [line for line in lines if line.variant.has_cells]
    cells = [
        line.product.battery
        for line in held
        if line.product.battery is not None and line.product.battery.is_lithium
    ]
    return freight.Parcel(
        weight_g=sum(line.variant.packed_g * line.quantity for line in lines),
        has_lithium=bool(cells),
        has_loose_cells=any(line.product.family == "batteries" for line in held),
        cell_wh=max((cell.cell_wh for cell in cells), default=0),
        battery_wh=max((cell.energy_wh for cell in cells), default=0),
    )


def create(  # noqa: PLR0913 - the parts of an order
    state: SandboxState,
    *,
    number: str,
    lines: list[OrderLine],
    line: freight.ShippingService,
    country: str,
    pay_type: str,
    request: dict[str, Any],
    fault: str,
) -> dict[str, Any]:
    """Create the order once, even if the answer gets lost.

    Raises: DuplicateNumberError  the number exists: look it up
            InsufficientStockError, InsufficientBalanceError  nothing was created
    """
    parcel = parcel_of(lines)
    with state.ledger.writing():
        if order_by(state, number):
            raise DuplicateNumberError(number)
        count = state.ledger.fact("orders_made", 0) + 1
        state.ledger.set_fact("orders_made", count)
        now_s = state.now()
        cj_id = f"{datetime.fromtimestamp(now_s, UTC):%y%m%d}{count:08d}"
        goods = sum(
            (state.stock_store.price(each.variant) * each.quantity for each in lines), Decimal(0)
        )
        order = {
            "cj_id": cj_id,
            "order_number": number,
            "shipment_order_id": f"SO{cj_id}",
            "status": UNPAID if pay_type == PAY_PAGE else CREATED,
            "request": json.dumps(request, ensure_ascii=False),
            "lines": json.dumps(_line_rows(state, cj_id, lines)),
            "logistic_name": line.name,
            "from_country": line.start,
            "product_amount": str(goods),
            "postage_amount": str(line.price(parcel, end=country)),
            "created_s": now_s,
            "moved_s": now_s,
        }
        state.ledger.insert("orders", **order)
        created = order_by(state, cj_id) or order
        created["fault"] = fault
        take_stock(state, created)
        record_effect(state, "created", created)
        if pay_type == PAY_BALANCE:
            pay(state, created, fault=fault)
        return created


def _line_rows(state: SandboxState, cj_id: str, lines: list[OrderLine]) -> list[dict[str, Any]]:
    return [
        {
            "vid": line.variant.vid,
            "sku": line.variant.sku,
            "quantity": line.quantity,
            "price": str(state.stock_store.price(line.variant)),
            "lineItemId": f"{cj_id}{place:02d}",
            "storeLineItemId": line.store_line_id,
        }
        for place, line in enumerate(lines, 1)
    ]


def total_cents(order: dict[str, Any]) -> int:
    amount = Decimal(order["product_amount"]) + Decimal(order["postage_amount"])
    return int(amount * 100)


def pay(state: SandboxState, order: dict[str, Any], *, fault: str = "") -> None:
    """Pay from the balance; the order then waits for its shipment.

    Raises: InsufficientBalanceError  the balance is too low; nothing changed
    """
    with state.ledger.writing():
        left = balance_cents(state) - total_cents(order)
        if left < 0:
            raise InsufficientBalanceError(order["cj_id"])
        set_balance_cents(state, left)
        set_status(state, order, status=UNSHIPPED, paid_s=state.now(), fault=fault)
