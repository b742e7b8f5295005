"""CJ webhooks: verify signatures, parse messages, register our URL, subscribe to products.

Messages arrive in any sequence, and their dates have no time zone. So most messages only name what
to read again. A null field changes nothing.

Source: CJ Dropshipping API v2, webhooks; read 2026-11-24
"""

import base64
import hashlib
import hmac
import logging
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from itertools import batched
from typing import Any

import msgspec
from django.conf import settings

from storefront.lib.http.errors import PermanentError
from storefront.lib.money import Money
from storefront.lib.security.webhook_signing import InvalidHeadersError, InvalidSignatureError
from suppliers.connectors import parsing as connector_parsing
from suppliers.connectors.cj import parsing as cj_parsing
from suppliers.connectors.cj.client import ApiClient
from suppliers.connectors.cj.error_codes import (
    ACKNOWLEDGEMENTS,
    OUTBOUND_ACKNOWLEDGEMENTS,
    TRACKING_LABELS,
    Meaning,
    SubscriptionLimitError,
    meaning_of,
)
from suppliers.connectors.cj.order_status import lines_of
from suppliers.connectors.cj.parsing import decode
from suppliers.connectors.cj.schemas import (
    Id,
    LogisticParams,
    MakeupParams,
    OrderParams,
    OutboundParams,
    ProductParams,
    ResponsePart,
    SourcingParams,
    SplitParams,
    TrackEvent,
    WebhookMessage,
)
from suppliers.connectors.records import EventType, ShipmentNotice, SupplierEvent

PAID = "PAID"
CANCELED_STATUSES = frozenset({"CANCELED", "CANCELLED", "CANCEL"})


def parse_event(body: bytes) -> tuple[SupplierEvent, ...]:
    """Parse one message; empty for a type that does not concern us.

    Raises: PermanentError  it is not one of CJ's messages
    """
    message = decode(body, WebhookMessage, what="webhook")
    reader = READERS.get(message.type)
    if reader is None:
        return ()
    return reader(message, connector_parsing.text(message.message_id))


def _order(message: WebhookMessage, external_id: str) -> tuple[SupplierEvent, ...]:
    params = decode(bytes(message.params), OrderParams, what="webhook ORDER")
    happened_at = connector_parsing.timestamp(params.update_date)
    parcels: tuple[ShipmentNotice, ...] = ()
    if params.track_number:
        parcels = (
            ShipmentNotice(
                carrier=params.tracking_provider or params.logistic_name or "",
                number=params.track_number,
                url=params.tracking_url or "",
                lines=lines_of(params.order_items),
                happened_at=happened_at,
            ),
        )
    return (
        SupplierEvent(
            kind=EventType.ORDER,
            external_id=external_id,
            number=params.order_number or params.order_num or "",
            supplier_reference=connector_parsing.text(params.cj_order_id),
            answer=ACKNOWLEDGEMENTS.get(params.order_status or ""),
            parcels=parcels,
            happened_at=happened_at,
        ),
    )


def _logistic(message: WebhookMessage, external_id: str) -> tuple[SupplierEvent, ...]:
    params = decode(bytes(message.params), LogisticParams, what="webhook LOGISTIC")
    if not params.tracking_number:
        return ()
    latest = _latest_scan(params.logistics_track_events)
    status = connector_parsing.integer(params.tracking_status)
    if status is None:
        status = connector_parsing.integer(latest.status)
    status_label = TRACKING_LABELS.get(status) if status is not None else None
    parcel = ShipmentNotice(
        carrier=params.tracking_provider or params.logistic_name or "",
        number=params.tracking_number,
        url=params.tracking_url or "",
        carrier_text=status_label or latest.status_desc or latest.activity or "",
        happened_at=connector_parsing.timestamp(latest.event_time),
    )
    return tuple(
        SupplierEvent(
            kind=EventType.PARCEL,
            external_id=external_id,
            number=number,
            supplier_reference=connector_parsing.text(params.order_id),
            parcels=(parcel,),
            happened_at=parcel.happened_at,
        )
        for number in params.store_order_numbers or [""]
    )


def _latest_scan(events: Any) -> TrackEvent:
    """Return the latest scan of a list that is JSON in a string; an empty one if unreadable."""
    try:
        scans = msgspec.convert(cj_parsing.decode_nested(events) or [], list[TrackEvent])
    except msgspec.ValidationError:
        return TrackEvent()
    return max(scans, key=lambda scan: scan.event_time or "", default=TrackEvent())


def _split(message: WebhookMessage, external_id: str) -> tuple[SupplierEvent, ...]:
    params = decode(bytes(message.params), SplitParams, what="webhook ORDERSPLIT")
    children = [connector_parsing.text(child.order_code) for child in params.split_order_list or ()]
    if not children:
        # CJ's documentation uses this name for sourced products too.
        return _sourcing_event(message, external_id)
    return (
        SupplierEvent(
            kind=EventType.ORDER,
            external_id=external_id,
            supplier_reference=connector_parsing.text(params.original_order_id),
            split_into=tuple(code for code in children if code),
        ),
    )


def _sourcing_event(message: WebhookMessage, external_id: str) -> tuple[SupplierEvent, ...]:
    params = decode(bytes(message.params), SourcingParams, what="webhook SOURCINGCREATE")
    return _product_event(external_id, params.cj_product_id, params.cj_variant_id)


def _product(message: WebhookMessage, external_id: str) -> tuple[SupplierEvent, ...]:
    params = decode(bytes(message.params), ProductParams, what="webhook PRODUCT")
    return _product_event(external_id, params.pid, params.vid)


def _product_event(external_id: str, pid: Any, vid: Any) -> tuple[SupplierEvent, ...]:
    external_id, sku = connector_parsing.text(pid), connector_parsing.text(vid)
    if not external_id and not sku:
        return ()
    return (
        SupplierEvent(
            kind=EventType.PRODUCT,
            external_id=external_id,
            product_external_ids=(external_id,) if external_id else (),
            skus=(sku,) if sku else (),
        ),
    )


def _stock(message: WebhookMessage, external_id: str) -> tuple[SupplierEvent, ...]:
    """Return the SKUs whose stock changed: SKUs are the keys of the message, or in its rows."""
    content: Any = decode(bytes(message.params), object, what="webhook STOCK")
    by_sku = isinstance(content, dict) and all(isinstance(rows, list) for rows in content.values())
    rows = [content] if isinstance(content, dict) else content if isinstance(content, list) else []
    skus_or_ids = content if by_sku else [row.get("vid") for row in rows if isinstance(row, dict)]
    skus = tuple(
        dict.fromkeys(sku for value in skus_or_ids if (sku := connector_parsing.text(value)))
    )
    return (
        (SupplierEvent(kind=EventType.STOCK, external_id=external_id, skus=skus),) if skus else ()
    )


def _makeup(message: WebhookMessage, external_id: str) -> tuple[SupplierEvent, ...]:
    params = decode(bytes(message.params), MakeupParams, what="webhook MAKEUP")
    status = (params.status or message.message_type).upper()
    amount = connector_parsing.amount(params.amount)
    if status == PAID or status in CANCELED_STATUSES:
        reason = ""
    else:
        requested = f"{amount} USD" if amount is not None else "an unknown amount"
        reason = f"The supplier requests {requested} more: {params.reason or 'no reason given'}"
    return (
        SupplierEvent(
            kind=EventType.CHARGE,
            external_id=external_id,
            supplier_reference=connector_parsing.text(params.relation_order_id),
            reason=reason,
            charge=Money(amount, "USD") if reason and amount is not None else None,
        ),
    )


def _outbound(message: WebhookMessage, external_id: str) -> tuple[SupplierEvent, ...]:
    """Return an event for an order of stock that we own at CJ."""
    params = decode(bytes(message.params), OutboundParams, what="webhook PRIVATE_ORDER")
    number = params.order_number or params.order_num or ""
    reference = connector_parsing.text(params.order_id or params.cj_order_id)
    if not number and not reference:
        return ()
    return (
        SupplierEvent(
            kind=EventType.ORDER,
            external_id=external_id,
            number=number,
            supplier_reference=reference,
            answer=OUTBOUND_ACKNOWLEDGEMENTS.get(params.status or ""),
        ),
    )


READERS: dict[str, Callable[[WebhookMessage, str], tuple[SupplierEvent, ...]]] = {
    "ORDER": _order,
    "LOGISTIC": _logistic,
    "ORDERSPLIT": _split,
    "STOCK": _stock,
    "PRODUCT": _product,
    "VARIANT": _product,
    "SOURCINGCREATE": _sourcing_event,
    "MAKEUP": _makeup,
    "PRIVATE_ORDER": _outbound,
}


log = logging.getLogger(__name__)

MAX_ID_LENGTH = 100


class Signature(StrEnum):
    """What to do with a message whose signature is missing or wrong."""

    REQUIRE = "require"
    WARN = "warn"


class MessageHeader(msgspec.Struct, rename="camel"):
    """Fields that distinguish a message from a test call."""

    message_id: Any = None
    type: Any = None


def verify_signature(
    *,
    headers: Mapping[str, str],
    body: bytes,
    account: str,
    secrets: Mapping[str, str],
    options: Mapping[str, Any],
) -> str:
    """Verify the signature on the raw bytes; return the message id, empty for a test call.

    The signature has no time, so that only the message id detects a replay. CJ tests a URL with a
    call without a message, and requires status 200.

    Raises: InvalidHeadersError, InvalidSignatureError
    """
    del secrets  # CJ signs with the account number
    sign = headers.get("sign", "")
    if not sign and _is_test_call(body):
        return ""
    try:
        if not sign:
            raise InvalidHeadersError("the sign header is missing")
        if not is_signed(body, sign, account):
            raise InvalidSignatureError("the sign header is invalid")
    except ValueError as error:
        # In production, this would let anyone send messages.
        if settings.IS_PRODUCTION or options.get("signature") != Signature.WARN:
            raise
        log.warning("accepted without a valid signature: %s", error)
    return _message_id(body)


def is_signed(body: bytes, sign: str, open_id: str) -> bool:
    """Return whether ``sign`` is Base64(HMAC-SHA256(openId as text, raw body))."""
    if not open_id:
        return False
    expected = base64.b64encode(hmac.digest(open_id.encode(), body, hashlib.sha256))
    return hmac.compare_digest(expected, sign.encode("utf-8", "replace"))


def _read(body: bytes) -> MessageHeader | None:
    try:
        return msgspec.json.decode(body, type=MessageHeader)
    except (msgspec.DecodeError, RecursionError):
        return None


def _is_test_call(body: bytes) -> bool:
    header = _read(body)
    return not body.strip() or (header is not None and not header.message_id and not header.type)


def _message_id(body: bytes) -> str:
    """Return the id of a verified message; without a usable id, a hash of its bytes."""
    message_id = header.message_id if (header := _read(body)) else None
    if isinstance(message_id, str | int) and not isinstance(message_id, bool):
        text = str(message_id)
        if 0 < len(text) <= MAX_ID_LENGTH and text.isprintable():
            return text
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


TOPICS = ("product", "stock", "order", "logistics")
BATCH_SIZE = 100
PAGE_SIZE = 200
MAX_PAGES = 100


class SubscriptionResult(ResponsePart):
    success_product_ids: list[Id] | None = None


class SubscriptionPage(ResponsePart):
    """One page of subscriptions, in old and new field names."""

    content: list[Any] | None = None
    rows: list[Any] | None = msgspec.field(name="list", default=None)


def register_webhook(api: ApiClient, url: str) -> None:
    """Register ``url`` for all topics; CJ tests the URL first.

    Raises: PermanentError  CJ cannot reach it, or rejects it
    """
    registered = api.settings().callback or {}
    if all(topic in registered and registered[topic].urls == [url] for topic in TOPICS):
        return
    wanted = {topic: {"type": "ENABLE", "callbackUrls": [url]} for topic in TOPICS}
    try:
        api.post("webhook/set", Any, wanted)
    except PermanentError as error:
        if not error.code.isdecimal() or meaning_of(int(error.code)) is not Meaning.KNOWN:
            raise


def subscribed(api: ApiClient) -> frozenset[str]:
    external_ids: set[str] = set()
    for number in range(1, MAX_PAGES + 1):
        page = api.get_with_retries(
            "webhook/product/subscribe/list", SubscriptionPage, pageNum=number, pageSize=PAGE_SIZE
        )
        rows = page.content or page.rows or []
        external_ids |= {external_id for row in rows if (external_id := _external_id(row))}
        if len(rows) < PAGE_SIZE:
            break
    return frozenset(external_ids)


def _external_id(row: Any) -> str:
    if isinstance(row, dict):
        return connector_parsing.text(row.get("productId") or row.get("pid"))
    return connector_parsing.text(row)


def subscribe(api: ApiClient, external_ids: Sequence[str]) -> list[str]:
    """Subscribe to events of these products; stop at the limit of the account's level."""
    subscribed_ids: list[str] = []
    for chunk in batched(external_ids, BATCH_SIZE):
        try:
            result = api.post(
                "webhook/product/subscribe", SubscriptionResult, {"productIds": list(chunk)}
            )
        except SubscriptionLimitError:
            break
        subscribed_ids += [
            connector_parsing.text(product_id) for product_id in result.success_product_ids or ()
        ]
    return subscribed_ids


def unsubscribe(api: ApiClient, external_ids: Sequence[str]) -> None:
    for chunk in batched(external_ids, BATCH_SIZE):
        api.post("webhook/product/unsubscribe", Any, {"productIds": list(chunk)})
