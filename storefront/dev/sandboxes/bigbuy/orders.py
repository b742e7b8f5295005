"""Orders: checked, made once, and moved along."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from storefront.dev.sandboxes.bigbuy import carriers
from storefront.dev.sandboxes.bigbuy.errors import business, several_warehouses
from storefront.dev.sandboxes.bigbuy.goods import Item
from storefront.dev.sandboxes.bigbuy.state import FIRST_ORDER, World
from storefront.dev.sandboxes.bigbuy.stock import FAR, MAIN, EmptyShelfError

TAKEN, PACKING, SHIPPED, DELIVERED, CANCELED = (
    "Payment accepted",
    "In preparation",
    "Shipped",
    "Delivered",
    "Cancelled",
)
INVOICE = "PENDING INVOICE"
STATUSES = (TAKEN, PACKING, SHIPPED, DELIVERED, CANCELED, INVOICE)
NEXT = {TAKEN: PACKING, PACKING: SHIPPED, SHIPPED: DELIVERED}
TAX = Decimal("1.21")
IDLE_S = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    item: Item
    quantity: int
    price: Decimal

    @property
    def amount(self) -> Decimal:
        return self.price * self.quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """An order that was asked for, and found possible. ``lines`` lie in one warehouse each."""

    reference: str
    carrier: str
    shipping: Decimal
    lines: dict[int, list[Line]]
    body: dict[str, Any]

    @property
    def goods(self) -> Decimal:
        return sum((line.amount for lines in self.lines.values() for line in lines), Decimal(0))

    @property
    def total(self) -> Decimal:
        return self.goods + self.shipping * len(self.lines)


def weight_g(lines: Sequence[Line]) -> int:
    return sum(line.item.variant.packed_g * line.quantity for line in lines)


def shelved(world: World, lines: Sequence[Line]) -> dict[int, list[Line]]:
    """Find the warehouse that has all of it, or else one for each line.

    Raises: RefusedError  somewhere there is not enough
    """
    stock = {
        line.item.sku: {
            pile.warehouse: pile.soon + pile.later for pile in world.stores.piles(line.item)
        }
        for line in lines
    }
    short = [
        line.item.sku
        for line in lines
        if max(stock[line.item.sku].values(), default=0) < line.quantity
    ]
    if short:
        raise business("ER003", skus=short)
    if not world.spans_warehouses():
        for warehouse in (MAIN, FAR):
            if all(stock[each.item.sku].get(warehouse, 0) >= each.quantity for each in lines):
                return {warehouse: list(lines)}
    found: dict[int, list[Line]] = {}
    for place, line in enumerate(lines):
        able = [w for w, units in stock[line.item.sku].items() if units >= line.quantity]
        # Told to, the sandbox says that goods lie apart which do not.
        warehouse = place % 2 + 1 if world.spans_warehouses() else able[0]
        found.setdefault(warehouse, []).append(line)
    return found


def conflict(wish: Wish) -> Exception:
    return several_warehouses(
        {key: [line.item.sku for line in lines] for key, lines in wish.lines.items()}
    )


def make(world: World, wish: Wish, *, fault: str) -> list[int]:
    """Write the order down once, one for each warehouse, whatever happens to the answer.

    Raises: RefusedError  there is one under this number, it is too dear, or not there
    """
    with world.ledger.writing():
        if (known := by_reference(world, wish.reference)) is not None:
            raise business("ER008", orderId=str(known["id"]))
        left = purse(world) - wish.total
        if left < 0:
            raise business("ER005", moneyBoxAmount=str(purse(world)), totalOrder=str(wish.total))
        set_purse(world, left)
        return [
            _write(world, wish, warehouse, lines, part=part, fault=fault)
            for part, (warehouse, lines) in enumerate(wish.lines.items(), start=1)
        ]


def _write(  # noqa: PLR0913 - one order, told whole
    world: World, wish: Wish, warehouse: int, lines: list[Line], *, part: int, fault: str
) -> int:
    now_s = world.now()
    for line in lines:
        piles = {pile.warehouse for pile in world.stores.piles(line.item)}
        shelf = warehouse if warehouse in piles else MAIN
        try:
            world.stores.move(line.item, warehouse=shelf, quantity=line.quantity, at_s=now_s)
        except EmptyShelfError as error:
            raise business("ER003", skus=[line.item.sku]) from error
    count = world.ledger.fact("orders_made", 0)
    world.ledger.set_fact("orders_made", count + 1)
    rows = [
        {
            "id": place,
            "reference": line.item.sku,
            "name": line.item.product.title,
            "quantity": line.quantity,
            "priceTaxExcl": str(line.price),
            "priceTaxIncl": str((line.price * TAX).quantize(line.price)),
            "warehouse": shelf,
        }
        for place, line in enumerate(lines, start=1)
    ]
    return world.ledger.insert(
        "orders",
        id=FIRST_ORDER + count,
        reference=wish.reference,
        part=part,
        status=TAKEN,
        warehouse=warehouse,
        request=json.dumps(wish.body, ensure_ascii=False),
        lines=json.dumps(rows),
        carrier=wish.carrier,
        goods=str(sum((line.amount for line in lines), Decimal(0))),
        shipping=str(wish.shipping),
        created_s=now_s,
        moved_s=now_s,
        fault=fault,
    )


def by_reference(world: World, reference: str) -> dict[str, Any] | None:
    return world.ledger.row(
        "SELECT * FROM orders WHERE reference = ? ORDER BY part LIMIT 1", reference
    )


def by_id(world: World, key: str) -> dict[str, Any] | None:
    number = int(key) if key.isdecimal() else 0
    return world.ledger.row("SELECT * FROM orders WHERE id = ?", number)


def purse(world: World) -> Decimal:
    return Decimal(world.ledger.fact("purse", world.rules.purse_eur))


def set_purse(world: World, amount: Decimal) -> None:
    world.ledger.set_fact("purse", str(amount))


class CannotMoveError(ValueError):
    """The order does not stand where that could happen. Nothing was changed."""


def move(world: World, order: dict[str, Any], *, to: str) -> None:
    """Take the steps that lie between here and there.

    Raises: CannotMoveError
    """
    if to not in STATUSES:
        raise CannotMoveError(f"{to!r} is none of {', '.join(STATUSES)}")
    if to in {CANCELED, INVOICE}:
        if order["status"] not in {TAKEN, PACKING, INVOICE}:
            raise CannotMoveError(f"{order['id']} is {order['status']}")
        _put(world, order, to)
        return
    while order["status"] != to:
        if order["status"] not in NEXT:
            raise CannotMoveError(f"{order['id']} is {order['status']}")
        _put(world, order, NEXT[order["status"]])


def _put(world: World, order: dict[str, Any], status: str) -> None:
    tracking = order["tracking"]
    if status == SHIPPED:
        tracking = carriers.tracking_number(order["carrier"], order=order["id"])
    with world.ledger.writing():
        if status == CANCELED:
            set_purse(world, purse(world) + Decimal(order["goods"]) + Decimal(order["shipping"]))
            for line in json.loads(order["lines"]):
                found = world.goods.by_sku(line["reference"])
                if found is not None:
                    back = -line["quantity"]
                    world.stores.move(
                        found[1], warehouse=line["warehouse"], quantity=back, at_s=world.now()
                    )
        changes = {"status": status, "tracking": tracking, "moved_s": world.now()}
        world.ledger.run(
            "UPDATE orders SET status = ?, tracking = ?, moved_s = ? WHERE id = ?",
            *changes.values(),
            order["id"],
        )
        order.update(changes)


def move_due(world: World) -> None:
    """Take one step with every order that has stood long enough."""
    pace_s = world.pace_s
    if pace_s <= 0:
        return
    for order in world.ledger.rows(
        "SELECT * FROM orders WHERE status IN (?, ?, ?) AND moved_s <= ? ORDER BY moved_s",
        *NEXT,
        world.now() - pace_s,
    ):
        move(world, order, to=NEXT[order["status"]])


def start(world: World) -> threading.Thread:
    """Move orders until the world stops."""

    def run() -> None:
        while not world.stopping.wait(IDLE_S):
            move_due(world)

    thread = threading.Thread(target=run, name="mover", daemon=True)
    thread.start()
    return thread
