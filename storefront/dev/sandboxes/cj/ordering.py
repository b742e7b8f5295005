"""Take an order: check it, price it, write it down, and perhaps take the money."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from storefront.dev.sandboxes.goods.product import Product, Variant

from . import freight, order_lifecycle
from .state import World

PAY_PAGE, PAY_BALANCE, CREATE_ONLY = "1", "2", "3"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    product: Product
    variant: Variant
    quantity: int
    store_line_id: str


class TakenNumberError(Exception):
    """There is an order under this number already."""


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


def create(  # noqa: PLR0913 an order has so many parts
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
    """Write the order down once, whatever happens to the answer.

    Raises: TakenNumberError  there is one under this number: look it up
            SoldOutError, TooPoorError  nothing was written
    """
    parcel = parcel_of(lines)
    with world.ledger.writing():
        if order_lifecycle.order_by(world, number):
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
            "status": order_lifecycle.UNPAID if pay_type == PAY_PAGE else order_lifecycle.CREATED,
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
        created = order_lifecycle.order_by(world, cj_id) or order
        created["fault"] = fault
        if world.stock_leaves == "order":
            order_lifecycle.take_stock(world, created)
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
    """Take the money from the balance, and start packing.

    Raises: TooPoorError  the balance is too small; nothing changed
    """
    with world.ledger.writing():
        left = order_lifecycle.balance_cents(world) - total_cents(order)
        if left < 0:
            raise TooPoorError(order["cj_id"])
        order_lifecycle.set_balance_cents(world, left)
        order_lifecycle.put(
            world, order, status=order_lifecycle.UNSHIPPED, paid_s=world.now(), fault=fault
        )
