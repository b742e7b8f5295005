"""CJ order lifecycle: create, pay, ship, deliver, cancel and split orders, move their stock.

An order is validated and priced before it is stored; payment from the balance is optional.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from storefront.dev.sandboxes.goods.model import Product, Variant

from . import freight, webhooks
from .freight import PAGES, carrier_of, tracking_number
from .state import World, stamp
from .stock import SoldOutError

CREATED, IN_CART, UNPAID = "CREATED", "IN_CART", "UNPAID"
UNSHIPPED, SHIPPED, DELIVERED, CANCELLED = "UNSHIPPED", "SHIPPED", "DELIVERED", "CANCELLED"
SPLIT = "SPLIT"
OPEN = (CREATED, IN_CART, UNPAID, UNSHIPPED)
IDLE_S = 0.2


class CannotMoveError(Exception):
    """The order's status does not allow it. Nothing was changed."""


def order_by(world: World, name: str) -> dict[str, Any] | None:
    """Return the order with this CJ id, or with the caller's number."""
    return world.ledger.row(
        "SELECT * FROM orders WHERE cj_id = ? OR (order_number = ? AND parent_cj_id IS NULL)",
        name,
        name,
    )


def put(
    world: World, order: dict[str, Any], *, status: str, fault: str = "", **columns: Any
) -> None:
    """Store a new status, its effect and its webhook, in one transaction."""
    changes = {"status": status, "moved_s": world.now(), **columns}
    assigned = ", ".join(f"{name} = ?" for name in changes)
    with world.ledger.writing():
        world.ledger.run(
            f"UPDATE orders SET {assigned} WHERE cj_id = ?",  # noqa: S608 our own names
            *changes.values(),
            order["cj_id"],
        )
        order.update(changes, fault=fault)
        world.ledger.effect(status.lower(), order=order, at_s=world.now())
        if status not in {CREATED, IN_CART, SPLIT}:
            webhooks.order_moved(world, order)


def ship(world: World, order: dict[str, Any]) -> None:
    if order["status"] != UNSHIPPED:
        raise CannotMoveError(f"{order['cj_id']} is {order['status']}")
    carrier = carrier_of(order["logistic_name"])
    number = tracking_number(carrier, cj_id=order["cj_id"])
    with world.ledger.writing():
        if world.stock_leaves == "shipment":
            take_stock(world, order)
        put(
            world,
            order,
            status=SHIPPED,
            track_number=number,
            tracking_url=PAGES[carrier].format(number=number),
            shipped_s=world.now(),
        )
        webhooks.parcel_moved(world, order)


def deliver(world: World, order: dict[str, Any]) -> None:
    if order["status"] != SHIPPED:
        raise CannotMoveError(f"{order['cj_id']} is {order['status']}")
    with world.ledger.writing():
        put(world, order, status=DELIVERED, delivered_s=world.now())
        webhooks.parcel_moved(world, order)


def cancel(world: World, order: dict[str, Any]) -> None:
    """Cancel an order that is not shipped: stock and money are returned."""
    if order["status"] not in OPEN:
        raise CannotMoveError(f"{order['cj_id']} is {order['status']}")
    with world.ledger.writing():
        if order["paid_s"] is not None:
            amount = _cents(order["product_amount"]) + _cents(order["postage_amount"])
            set_balance_cents(world, balance_cents(world) + amount)
        return_stock(world, order)
        put(world, order, status=CANCELLED, canceled_s=world.now(), took_stock=0)


def advance(world: World, order: dict[str, Any], *, to: str) -> None:
    """Move the order through the statuses up to this one.

    Raises: CannotMoveError  it is past that status, or unpaid
    """
    if to == CANCELLED:
        cancel(world, order)
        return
    if to not in {SHIPPED, DELIVERED}:
        raise CannotMoveError(f"advance to {SHIPPED}, {DELIVERED} or {CANCELLED}")
    if order["status"] == UNSHIPPED or to == SHIPPED:
        ship(world, order)
    if to == DELIVERED:
        deliver(world, order)


def split(world: World, order: dict[str, Any]) -> list[str]:
    """Split an unshipped order into one per line, as CJ does for several warehouses."""
    lines = json.loads(order["lines"])
    if order["status"] != UNSHIPPED or len(lines) < 2:  # noqa: PLR2004
        raise CannotMoveError("only an unshipped order of several lines can be split")
    with world.ledger.writing():
        parts = []
        for place, line in enumerate(lines, 1):
            part = {name: value for name, value in order.items() if name not in {"pay_id", "fault"}}
            part |= {
                "cj_id": f"{order['cj_id']}-{place}",
                "parent_cj_id": order["cj_id"],
                "lines": json.dumps([line]),
                "product_amount": str(Decimal(line["price"]) * line["quantity"]),
                "postage_amount": order["postage_amount"] if place == 1 else "0.00",
                "moved_s": world.now(),
            }
            world.ledger.insert("orders", **part)
            parts.append((part["cj_id"], line))
        put(world, order, status=SPLIT)
        webhooks.tell(
            world,
            topic="ORDERSPLIT",
            kind="UPDATE",
            params={
                "originalOrderId": order["cj_id"],
                "orderSplitTime": stamp(world.now()),
                "splitOrderList": [
                    {
                        "orderCode": cj_id,
                        "createAt": stamp(world.now()),
                        "orderStatus": 400,
                        "productList": [
                            {
                                "sku": line["sku"],
                                "vid": line["vid"],
                                "quantity": line["quantity"],
                                "productCode": line["lineItemId"],
                            }
                        ],
                    }
                    for cj_id, line in parts
                ],
            },
        )
    return [cj_id for cj_id, _ in parts]


def take_stock(world: World, order: dict[str, Any]) -> None:
    """Deduct an order's units from stock.

    Raises: SoldOutError  a line is short; the caller's transaction must fail
    """
    for line in json.loads(order["lines"]):
        product = world.catalog.by_vid(line["vid"])
        if product is None:
            raise SoldOutError(line["vid"])
        variant = next(each for each in product.variants if each.vid == line["vid"])
        world.shelves.take(
            product, variant, country=order["from_country"], quantity=line["quantity"]
        )
    world.ledger.run("UPDATE orders SET took_stock = 1 WHERE cj_id = ?", order["cj_id"])
    order["took_stock"] = 1


def count_stock(world: World) -> list[str]:
    """Deduct shipped units that were not deducted from stock yet; return their orders."""
    gone = world.ledger.rows(
        "SELECT * FROM orders WHERE status IN (?, ?) AND took_stock = 0 ORDER BY shipped_s",
        SHIPPED,
        DELIVERED,
    )
    with world.ledger.writing():
        for order in gone:
            for line in json.loads(order["lines"]):
                product = world.catalog.by_vid(line["vid"])
                if product is None:
                    continue
                variant = next(each for each in product.variants if each.vid == line["vid"])
                pile = world.shelves.pile(product, variant, country=order["from_country"])
                quantity = min(line["quantity"], max(pile.total, 0))
                if quantity and pile.ready >= 0:
                    world.shelves.take(
                        product, variant, country=order["from_country"], quantity=quantity
                    )
            world.ledger.run("UPDATE orders SET took_stock = 1 WHERE cj_id = ?", order["cj_id"])
    return [order["cj_id"] for order in gone]


def return_stock(world: World, order: dict[str, Any]) -> None:
    if not order["took_stock"]:
        return
    for line in json.loads(order["lines"]):
        product = world.catalog.by_vid(line["vid"])
        if product is None:
            continue
        variant = next(each for each in product.variants if each.vid == line["vid"])
        world.shelves.give_back(
            product, variant, country=order["from_country"], quantity=line["quantity"]
        )


def balance_cents(world: World) -> int:
    return int(world.ledger.fact("balance_cents", _cents(world.rules.balance_usd)))


def set_balance_cents(world: World, cents: int) -> None:
    world.ledger.set_fact("balance_cents", cents)


def _cents(amount: str) -> int:
    return int(amount.replace(".", ""))


def move_due(world: World) -> None:
    """Move every order whose time in its status is over."""
    pace_s = world.pace_s
    if pace_s <= 0:
        return
    for order in world.ledger.rows(
        "SELECT * FROM orders WHERE status IN (?, ?) AND moved_s <= ? ORDER BY moved_s",
        UNSHIPPED,
        SHIPPED,
        world.now() - pace_s,
    ):
        step = ship if order["status"] == UNSHIPPED else deliver
        try:
            with world.ledger.writing():
                step(world, order_by(world, order["cj_id"]) or order)
        except SoldOutError:
            cancel(world, order)
        except CannotMoveError:  # moved by another call
            continue


def start(world: World) -> threading.Thread:
    """Move due orders in a thread until the sandbox stops."""

    def run() -> None:
        while not world.stopping.wait(IDLE_S):
            move_due(world)

    thread = threading.Thread(target=run, name="mover", daemon=True)
    thread.start()
    return thread


# Creation and payment

PAY_PAGE, PAY_BALANCE, CREATE_ONLY = "1", "2", "3"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    product: Product
    variant: Variant
    quantity: int
    store_line_id: str


class TakenNumberError(Exception):
    """An order with this number exists."""


class TooPoorError(Exception):
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
    world: World,
    *,
    number: str,
    lines: list[OrderLine],
    line: freight.Line,
    country: str,
    pay_type: str,
    request: dict[str, Any],
    fault: str,
) -> dict[str, Any]:
    """Create the order once, whatever happens to the answer.

    Raises: TakenNumberError  the number exists: look it up
            SoldOutError, TooPoorError  nothing was created
    """
    parcel = parcel_of(lines)
    with world.ledger.writing():
        if order_by(world, number):
            raise TakenNumberError(number)
        count = world.ledger.fact("orders_made", 0) + 1
        world.ledger.set_fact("orders_made", count)
        now_s = world.now()
        cj_id = f"{datetime.fromtimestamp(now_s, UTC):%y%m%d}{count:08d}"
        goods = sum(
            (world.shelves.price(each.variant) * each.quantity for each in lines), Decimal(0)
        )
        order = {
            "cj_id": cj_id,
            "order_number": number,
            "parent_cj_id": None,
            "shipment_order_id": f"SO{cj_id}",
            "status": UNPAID if pay_type == PAY_PAGE else CREATED,
            "request": json.dumps(request, ensure_ascii=False),
            "lines": json.dumps(_line_rows(world, cj_id, lines)),
            "logistic_name": line.name,
            "from_country": line.start,
            "product_amount": str(goods),
            "postage_amount": str(line.price(parcel, end=country)),
            "weight_g": parcel.weight_g,
            "took_stock": 0,
            "created_s": now_s,
            "moved_s": now_s,
        }
        world.ledger.insert("orders", **order)
        created = order_by(world, cj_id) or order
        created["fault"] = fault
        if world.stock_leaves == "order":
            take_stock(world, created)
        world.ledger.effect("created", order=created, at_s=now_s, detail=goods_text(lines))
        if pay_type == PAY_BALANCE:
            pay(world, created, fault=fault)
        return created


def goods_text(lines: list[OrderLine]) -> str:
    return ", ".join(f"{line.quantity} x {line.variant.sku}" for line in lines)


def _line_rows(world: World, cj_id: str, lines: list[OrderLine]) -> list[dict[str, Any]]:
    return [
        {
            "vid": line.variant.vid,
            "sku": line.variant.sku,
            "quantity": line.quantity,
            "price": str(world.shelves.price(line.variant)),
            "lineItemId": f"{cj_id}{place:02d}",
            "storeLineItemId": line.store_line_id,
        }
        for place, line in enumerate(lines, 1)
    ]


def total_cents(order: dict[str, Any]) -> int:
    amount = Decimal(order["product_amount"]) + Decimal(order["postage_amount"])
    return int(amount * 100)


def pay(world: World, order: dict[str, Any], *, fault: str = "") -> None:
    """Pay from the balance; the order is then to be shipped.

    Raises: TooPoorError  the balance is too low; nothing changed
    """
    with world.ledger.writing():
        left = balance_cents(world) - total_cents(order)
        if left < 0:
            raise TooPoorError(order["cj_id"])
        set_balance_cents(world, left)
        put(world, order, status=UNSHIPPED, paid_s=world.now(), fault=fault)
