"""CJ webhooks: verify signatures, parse messages, register our URL, subscribe to products.

Messages arrive in any order and their dates have no time zone. So most of them only say what to
read again. A null field was not sent and changes nothing.

Source: CJ Dropshipping API v2, webhooks; read 2026-11-24
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from itertools import batched
from typing import Any

import msgspec

from storefront.lib.http.errors import PermanentError
from storefront.lib.money import Money
from storefront.lib.security.webhook_signing import BadHeadersError, ForgedError
from suppliers.connectors import parsing as connector_parsing
from suppliers.connectors.cj import parsing as cj_parsing
from suppliers.connectors.cj.client import Wire
from suppliers.connectors.cj.error_codes import (
    ANSWERS,
    OUTBOUND_ANSWERS,
    TRACKING_WORDS,
    CapReachedError,
    Meaning,
    meaning_of,
)
from suppliers.connectors.cj.parsing import decoded
from suppliers.connectors.cj.schemas import (
    Id,
    LogisticParams,
    MakeupParams,
    Message,
    OrderParams,
    OutboundParams,
    ProductParams,
    Shape,
    SourcingParams,
    SplitParams,
    TrackEvent,
)
from suppliers.connectors.records import NewsKind, ParcelNews, RequestLine, SupplierNews

PAID = "PAID"
CALLED_OFF = frozenset({"CANCELED", "CANCELLED", "CANCEL"})


def read_news(body: bytes) -> tuple[SupplierNews, ...]:
    """Parse one message; empty for a type that does not concern us.

    Raises: PermanentError  it is not one of CJ's messages
    """
    message = decoded(body, Message, what="webhook")
    reader = READERS.get(message.type)
    if reader is None:
        return ()
    return reader(message, connector_parsing.text(message.message_id))


def _order(message: Message, external_id: str) -> tuple[SupplierNews, ...]:
    params = decoded(bytes(message.params), OrderParams, what="webhook ORDER")
    happened_at = connector_parsing.moment(params.update_date)
    parcels: tuple[ParcelNews, ...] = ()
    if params.track_number:
        parcels = (
            ParcelNews(
                carrier=params.tracking_provider or params.logistic_name or "",
                number=params.track_number,
                url=params.tracking_url or "",
                lines=tuple(
                    RequestLine(
                        sku=connector_parsing.text(line.vid),
                        quantity=connector_parsing.whole(line.quantity) or 0,
                        reference=connector_parsing.text(line.store_line_item_id),
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
            supplier_reference=connector_parsing.text(params.cj_order_id),
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
    status = connector_parsing.whole(params.tracking_status)
    if status is None:
        status = connector_parsing.whole(latest.status)
    words = TRACKING_WORDS.get(status) if status is not None else None
    parcel = ParcelNews(
        carrier=params.tracking_provider or params.logistic_name or "",
        number=params.tracking_number,
        url=params.tracking_url or "",
        carrier_text=words or latest.status_desc or latest.activity or "",
        happened_at=connector_parsing.moment(latest.event_time),
    )
    return tuple(
        SupplierNews(
            kind=NewsKind.PARCEL,
            external_id=external_id,
            number=number,
            supplier_reference=connector_parsing.text(params.order_id),
            parcels=(parcel,),
            happened_at=parcel.happened_at,
        )
        for number in params.store_order_numbers or [""]
    )


def _latest(events: Any) -> TrackEvent:
    """Return the latest scan of a list that is JSON in a string; an empty one if unreadable."""
    try:
        scans = msgspec.convert(cj_parsing.unpacked(events) or [], list[TrackEvent])
    except msgspec.ValidationError:
        return TrackEvent()
    return max(scans, key=lambda scan: scan.event_time or "", default=TrackEvent())


def _split(message: Message, external_id: str) -> tuple[SupplierNews, ...]:
    params = decoded(bytes(message.params), SplitParams, what="webhook ORDERSPLIT")
    children = [connector_parsing.text(child.order_code) for child in params.split_order_list or ()]
    if not children:
        # CJ's documentation uses this name for sourced products too.
        return _sourced(message, external_id)
    return (
        SupplierNews(
            kind=NewsKind.ORDER,
            external_id=external_id,
            supplier_reference=connector_parsing.text(params.original_order_id),
            split_into=tuple(code for code in children if code),
        ),
    )


def _sourced(message: Message, external_id: str) -> tuple[SupplierNews, ...]:
    params = decoded(bytes(message.params), SourcingParams, what="webhook SOURCINGCREATE")
    return _goods(external_id, params.cj_product_id, params.cj_variant_id)


def _product(message: Message, external_id: str) -> tuple[SupplierNews, ...]:
    params = decoded(bytes(message.params), ProductParams, what="webhook PRODUCT")
    return _goods(external_id, params.pid, params.vid)


def _goods(external_id: str, pid: Any, vid: Any) -> tuple[SupplierNews, ...]:
    ref, sku = connector_parsing.text(pid), connector_parsing.text(vid)
    if not ref and not sku:
        return ()
    return (
        SupplierNews(
            kind=NewsKind.PRODUCT,
            external_id=external_id,
            product_refs=(ref,) if ref else (),
            skus=(sku,) if sku else (),
        ),
    )


def _stock(message: Message, external_id: str) -> tuple[SupplierNews, ...]:
    """Return the SKUs whose stock changed: the rows are keyed by SKU, or each has its own."""
    told: Any = decoded(bytes(message.params), object, what="webhook STOCK")
    by_sku = isinstance(told, dict) and all(isinstance(rows, list) for rows in told.values())
    rows = [told] if isinstance(told, dict) else told if isinstance(told, list) else []
    named = told if by_sku else [row.get("vid") for row in rows if isinstance(row, dict)]
    skus = tuple(dict.fromkeys(sku for each in named if (sku := connector_parsing.text(each))))
    return (SupplierNews(kind=NewsKind.STOCK, external_id=external_id, skus=skus),) if skus else ()


def _makeup(message: Message, external_id: str) -> tuple[SupplierNews, ...]:
    """Return an event for an additional charge, or for the end of one."""
    params = decoded(bytes(message.params), MakeupParams, what="webhook MAKEUP")
    status = (params.status or message.message_type).upper()
    amount = connector_parsing.amount(params.amount)
    if status == PAID or status in CALLED_OFF:
        reason = ""
    else:
        asked = f"{amount} USD" if amount is not None else "an unknown amount"
        reason = f"The supplier requests {asked} more: {params.reason or 'no reason given'}"
    return (
        SupplierNews(
            kind=NewsKind.CHARGE,
            external_id=external_id,
            supplier_reference=connector_parsing.text(params.relation_order_id),
            reason=reason,
            charge=Money(amount, "USD") if reason and amount is not None else None,
        ),
    )


def _outbound(message: Message, external_id: str) -> tuple[SupplierNews, ...]:
    """Return an event for an order of stock that we own at CJ."""
    params = decoded(bytes(message.params), OutboundParams, what="webhook PRIVATE_ORDER")
    number = params.order_number or params.order_num or ""
    reference = connector_parsing.text(params.order_id or params.cj_order_id)
    if not number and not reference:
        return ()
    return (
        SupplierNews(
            kind=NewsKind.ORDER,
            external_id=external_id,
            number=number,
            supplier_reference=reference,
            answer=OUTBOUND_ANSWERS.get(params.status or ""),
        ),
    )


READERS: dict[str, Callable[[Message, str], tuple[SupplierNews, ...]]] = {
    "ORDER": _order,
    "LOGISTIC": _logistic,
    "ORDERSPLIT": _split,
    "STOCK": _stock,
    "PRODUCT": _product,
    "VARIANT": _product,
    "SOURCINGCREATE": _sourced,
    "MAKEUP": _makeup,
    "PRIVATE_ORDER": _outbound,
}


# Signatures

log = logging.getLogger(__name__)

MAX_ID = 100


class Signature(StrEnum):
    """What to do with a message whose signature is missing or wrong."""

    REQUIRE = "require"
    WARN = "warn"


class Named(msgspec.Struct, rename="camel"):
    """Fields that distinguish a message from a test call."""

    message_id: Any = None
    type: Any = None


def genuine_id(
    *, headers: Mapping[str, str], body: bytes, account: str, signature: Signature
) -> str:
    """Verify the signature on the raw bytes; return the message id, empty for a test call.

    The signature has no time, so that only the message id detects a replay. CJ tests a URL with a
    call without a message, and requires status 200.

    Raises: BadHeadersError, ForgedError
    """
    sign = headers.get("sign", "")
    if not sign and _is_trial(body):
        return ""
    try:
        if not sign:
            raise BadHeadersError("the sign header is missing")
        if not is_signed(body, sign, account):
            raise ForgedError("the sign header is invalid")
    except ValueError as error:
        if signature is Signature.REQUIRE:
            raise
        log.warning("accepted without a valid signature: %s", error)
    return _message_id(body)


def is_signed(body: bytes, sign: str, open_id: str) -> bool:
    """Test whether ``sign`` is Base64(HMAC-SHA256(openId as text, raw body))."""
    if not open_id:
        return False
    expected = base64.b64encode(hmac.digest(open_id.encode(), body, hashlib.sha256))
    return hmac.compare_digest(expected, sign.encode("utf-8", "replace"))


def _read(body: bytes) -> Named | None:
    try:
        return msgspec.json.decode(body, type=Named)
    except (msgspec.DecodeError, RecursionError):
        return None


def _is_trial(body: bytes) -> bool:
    named = _read(body)
    return not body.strip() or (named is not None and not named.message_id and not named.type)


def _message_id(body: bytes) -> str:
    """Return the id of a verified message; without a usable id, a hash of its bytes."""
    found = named.message_id if (named := _read(body)) else None
    if isinstance(found, str | int) and not isinstance(found, bool):
        text = str(found)
        if 0 < len(text) <= MAX_ID and text.isprintable():
            return text
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


# Subscriptions

TOPICS = ("product", "stock", "order", "logistics")
AT_ONCE = 100
PAGE_SIZE = 200
MOST_PAGES = 100


class Agreed(Shape):
    """The products that were subscribed to."""

    success_product_ids: list[Id] | None = None


class SubscriptionPage(Shape):
    """One page of subscriptions, in old and new field names."""

    content: list[Any] | None = None
    rows: list[Any] | None = msgspec.field(name="list", default=None)


def listen(wire: Wire, url: str) -> None:
    """Register ``url`` for all topics; CJ tests the URL first.

    Raises: PermanentError  CJ cannot reach it, or rejects it
    """
    present = wire.settings().callback or {}
    if all(topic in present and present[topic].urls == [url] for topic in TOPICS):
        return
    wish = {topic: {"type": "ENABLE", "callbackUrls": [url]} for topic in TOPICS}
    try:
        wire.post("webhook/set", Any, wish)
    except PermanentError as error:
        if not error.code.isdecimal() or meaning_of(int(error.code)) is not Meaning.KNOWN:
            raise


def subscribed(wire: Wire) -> frozenset[str]:
    found: set[str] = set()
    for number in range(1, MOST_PAGES + 1):
        page = wire.patiently(
            "webhook/product/subscribe/list", SubscriptionPage, pageNum=number, pageSize=PAGE_SIZE
        )
        rows = page.content or page.rows or []
        found |= {ref for row in rows if (ref := _ref(row))}
        if len(rows) < PAGE_SIZE:
            break
    return frozenset(found)


def _ref(row: Any) -> str:
    if isinstance(row, dict):
        return connector_parsing.text(row.get("productId") or row.get("pid"))
    return connector_parsing.text(row)


def subscribe(wire: Wire, refs: Sequence[str]) -> list[str]:
    """Subscribe to events of these products; stop at the limit of the account's level."""
    agreed: list[str] = []
    for chunk in batched(refs, AT_ONCE):
        try:
            told = wire.post("webhook/product/subscribe", Agreed, {"productIds": list(chunk)})
        except CapReachedError:
            break
        agreed += [connector_parsing.text(each) for each in told.success_product_ids or ()]
    return agreed


def unsubscribe(wire: Wire, refs: Sequence[str]) -> None:
    for chunk in batched(refs, AT_ONCE):
        wire.post("webhook/product/unsubscribe", Any, {"productIds": list(chunk)})
