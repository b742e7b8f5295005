"""The parts of CJ's messages that we read, as ``shapes``. Pure.

Source: CJ Dropshipping API v2, webhooks; read 2026-11-24
"""

from __future__ import annotations

from typing import Any

import msgspec

from suppliers.connectors.cj.order_shapes import OrderedLine
from suppliers.connectors.cj.schemas import Id, Shape


class Message(Shape):
    """The envelope of every message."""

    message_id: Id
    type: str
    message_type: str = ""
    params: msgspec.Raw = msgspec.Raw(b"{}")


class OrderParams(Shape):
    """An order moved, or CJ found only now which goods of his it is of."""

    cj_order_id: Id = None
    order_number: str | None = None
    order_num: str | None = None
    order_status: str | None = None
    logistic_name: str | None = None
    track_number: str | None = None
    tracking_provider: str | None = None
    tracking_url: str | None = None
    update_date: str | None = None
    order_items: list[OrderedLine] | None = None


class LogisticParams(Shape):
    """A parcel moved."""

    order_id: Id = None
    store_order_numbers: list[str] | None = None
    logistic_name: str | None = None
    tracking_number: str | None = None
    tracking_provider: str | None = None
    tracking_url: str | None = None
    tracking_status: Any = None
    logistics_track_events: Any = None


class TrackEvent(Shape):
    """One scan of a parcel."""

    status: Any = None
    activity: str | None = None
    event_time: str | None = None
    status_desc: str | None = None


class SplitOrder(Shape):
    """One of the orders that an order became."""

    order_code: Id = None


class SplitParams(Shape):
    """An order was divided."""

    original_order_id: Id = None
    split_order_list: list[SplitOrder] | None = None


class ProductParams(Shape):
    """Which product, or which of its variants, changed; how is asked for by REST."""

    pid: Id = None
    vid: Id = None


class SourcingParams(Shape):
    """A product that was looked for is found."""

    cj_product_id: Id = None
    cj_variant_id: Id = None


class MakeupParams(Shape):
    """More money is wanted for an order."""

    relation_order_id: Id = None
    amount: Any = None
    reason: str | None = None
    status: str | None = None


class OutboundParams(Shape):
    """An order of goods that are ours already moved."""

    order_id: Id = None
    cj_order_id: Id = None
    order_number: str | None = None
    order_num: str | None = None
    status: str | None = None
