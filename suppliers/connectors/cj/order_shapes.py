"""CJ's answers about orders and parcels, as ``shapes``. Pure.

Source: CJ Dropshipping API v2, shopping and logistics; read 2026-11-24
"""

from __future__ import annotations

from typing import Any

import msgspec

from suppliers.connectors.cj.schemas import Id, Shape


class Blocked(Shape):
    """Why CJ holds an order back."""

    code: Any = None
    message: str | None = None


class PlacedOrder(Shape):
    """The answer to an order."""

    order_id: Id = None
    order_number: str | None = None
    shipment_order_id: Id = None
    product_amount: Any = None
    postage_amount: Any = None
    currency: str | None = None
    order_status: str | None = None
    logistics_miss: bool | None = None
    intercept_order_reasons: list[Blocked] | None = None


class CartAnswer(Shape):
    """What became of orders that were to go into the cart, or out of it to be paid."""

    success_count: Any = None
    shipments_id: Id = None
    intercept_orders: list[Any] | None = None


class ParentOrder(Shape):
    """What is to be paid at once."""

    pay_id: Id = None


class OrderedLine(Shape):
    """A line of an order at CJ."""

    vid: Id = None
    quantity: Any = None
    store_line_item_id: Id = None


class OrderDetail(Shape):
    """An order as it stands at CJ."""

    order_id: Id = None
    cj_order_id: Id = None
    cj_order_code: Id = None
    shipment_order_id: Id = None
    order_num: str | None = None
    order_status: str | None = None
    product_amount: Any = None
    postage_amount: Any = None
    currency: str | None = None
    logistic_name: str | None = None
    track_number: str | None = None
    tracking_url: str | None = None
    tracking_provider: str | None = None
    create_date: Any = None
    payment_date: Any = None
    out_warehouse_time: str | None = None
    split_order_ids: list[str] | None = None
    product_list: list[OrderedLine] | None = None


class OrderPage(Shape):
    """One page of the list of orders."""

    rows: list[OrderDetail] | None = msgspec.field(name="list", default=None)


class TrackRow(Shape):
    """Where a parcel is, in the carrier's words."""

    tracking_number: str | None = None
    tracking_status: Any = None
    last_mile_carrier: str | None = None
    delivery_time: str | None = None


class AccountBalance(Shape):
    """Our money at CJ; ``amount`` is what may be spent."""

    amount: Any = None
