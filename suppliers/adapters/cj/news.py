"""Read what CJ posts to us unasked. Pure.

Source: CJ Dropshipping API v2, webhooks; read 2026-11-24
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from typing import Any

import msgspec

from suppliers.adapters.base import NewsKind, ParcelNews, RequestLine, SupplierNews
from suppliers.adapters.cj import reading
from suppliers.adapters.cj.codes import ANSWERS
from suppliers.adapters.cj.decoding import decoded
from suppliers.adapters.cj.shapes import Id, OrderedLine, Shape

# What the numbers of a LOGISTIC message mean, in words a carrier would use.
TRACKING_WORDS = {
    0: "No tracking",
    1: "Left the warehouse",
    2: "Received by the forwarder",
    3: "Returned by the forwarder",
    4: "Left the forwarder",
    5: "In transit",
    6: "Arrived in the destination country",
    7: "Customs clearance started",
    8: "Customs clearance completed",
    9: "Picked up by the local carrier",
    10: "Out for delivery",
    11: "Available for pickup",
    12: "Delivered",
    13: "Delivery failed",
    14: "Returned to sender",
}


class Message(Shape):
    """The envelope of every message."""

    message_id: Id
    type: str
    message_type: str = ""
    params: msgspec.Raw = msgspec.Raw(b"{}")


class OrderParams(Shape):
    """An order moved."""

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
    tracking_status: int | None = None
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


def is_signed(body: bytes, sign: str, open_id: str) -> bool:
    """Tell whether ``sign`` is Base64(HMAC-SHA256(openId as text, raw body))."""
    if not open_id:
        return False
    expected = base64.b64encode(hmac.digest(open_id.encode(), body, hashlib.sha256))
    return hmac.compare_digest(expected, sign.encode("utf-8", "replace"))


def read_news(body: bytes) -> tuple[SupplierNews, ...]:
    """Read one message; of a type that does not concern us nothing is left.

    Raises: PermanentError  it is not one of CJ's messages
    """
    message = decoded(body, Message, what="webhook")
    reader = READERS.get(message.type)
    if reader is None:
        return ()
    return reader(message, reading.text(message.message_id))


def _order(message: Message, external_id: str) -> tuple[SupplierNews, ...]:
    params = decoded(bytes(message.params), OrderParams, what="webhook ORDER")
    happened_at = reading.moment(params.update_date)
    parcels: tuple[ParcelNews, ...] = ()
    if params.track_number:
        parcels = (
            ParcelNews(
                carrier=params.tracking_provider or params.logistic_name or "",
                number=params.track_number,
                url=params.tracking_url or "",
                lines=tuple(
                    RequestLine(
                        sku=reading.text(line.vid),
                        quantity=reading.whole(line.quantity) or 0,
                        reference=reading.text(line.store_line_item_id),
                    )
                    for line in params.order_items or ()
                ),
                happened_at=happened_at,
            ),
        )
    return (
        SupplierNews(
            kind=NewsKind.ORDER,
            external_id=external_id,
            number=params.order_number or params.order_num or "",
            supplier_reference=reading.text(params.cj_order_id),
            answer=ANSWERS.get(params.order_status or ""),
            parcels=parcels,
            happened_at=happened_at,
        ),
    )


def _logistic(message: Message, external_id: str) -> tuple[SupplierNews, ...]:
    params = decoded(bytes(message.params), LogisticParams, what="webhook LOGISTIC")
    if not params.tracking_number:
        return ()
    latest = _latest(params.logistics_track_events)
    status = params.tracking_status
    if status is None:
        status = reading.whole(latest.status)
    words = TRACKING_WORDS.get(status) if status is not None else None
    parcel = ParcelNews(
        carrier=params.tracking_provider or params.logistic_name or "",
        number=params.tracking_number,
        url=params.tracking_url or "",
        carrier_text=words or latest.status_desc or latest.activity or "",
        happened_at=reading.moment(latest.event_time),
    )
    return tuple(
        SupplierNews(
            kind=NewsKind.PARCEL,
            external_id=external_id,
            number=number,
            supplier_reference=reading.text(params.order_id),
            parcels=(parcel,),
            happened_at=parcel.happened_at,
        )
        for number in params.store_order_numbers or [""]
    )


def _latest(events: Any) -> TrackEvent:
    """Return the last scan of a list that is JSON inside of text; an empty one if unreadable."""
    try:
        scans = msgspec.convert(reading.unpacked(events) or [], list[TrackEvent])
    except msgspec.ValidationError:
        return TrackEvent()
    return max(scans, key=lambda scan: scan.event_time or "", default=TrackEvent())


def _split(message: Message, external_id: str) -> tuple[SupplierNews, ...]:
    params = decoded(bytes(message.params), SplitParams, what="webhook ORDERSPLIT")
    children = [reading.text(child.order_code) for child in params.split_order_list or ()]
    return (
        SupplierNews(
            kind=NewsKind.ORDER,
            external_id=external_id,
            supplier_reference=reading.text(params.original_order_id),
            split_into=tuple(code for code in children if code),
        ),
    )


def _stock(message: Message, external_id: str) -> tuple[SupplierNews, ...]:
    by_sku = decoded(bytes(message.params), dict[str, Any], what="webhook STOCK")
    return (SupplierNews(kind=NewsKind.STOCK, external_id=external_id, skus=tuple(by_sku)),)


def _product(message: Message, external_id: str) -> tuple[SupplierNews, ...]:
    params = decoded(bytes(message.params), ProductParams, what="webhook PRODUCT")
    ref, sku = reading.text(params.pid), reading.text(params.vid)
    return (
        SupplierNews(
            kind=NewsKind.PRODUCT,
            external_id=external_id,
            product_refs=(ref,) if ref else (),
            skus=(sku,) if sku else (),
        ),
    )


READERS: dict[str, Callable[[Message, str], tuple[SupplierNews, ...]]] = {
    "ORDER": _order,
    "LOGISTIC": _logistic,
    "ORDERSPLIT": _split,
    "STOCK": _stock,
    "PRODUCT": _product,
    "VARIANT": _product,
}
