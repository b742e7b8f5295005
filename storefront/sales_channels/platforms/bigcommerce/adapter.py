"""BigCommerce adapter: publish products, import orders, report parcels and refunds.

The catalog, the stock and refunds are V3, orders and shipments V2. BigCommerce has no idempotency
keys: a product is found by its SKU, a parcel by its comment and a refund by its reason before
anything is repeated.
"""

import base64
import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

import msgspec
from django.utils.translation import gettext_lazy as _

from storefront.lib.http.errors import PermanentError
from storefront.lib.security.webhook_signing import (
    ExpiredTimestampError,
    InvalidHeadersError,
    InvalidSignatureError,
    verify,
)
from storefront.sales_channels.platforms.answers import (
    lower_names,
    must_be_readable,
    unreadable,
)
from storefront.sales_channels.platforms.base import (
    FulfillmentWrite,
    PlatformContext,
    PlatformField,
    PlatformWebhook,
    RefundWrite,
    RemoteOrder,
    RemoteRefund,
    StoreInfo,
    UnreadableOrder,
    WebhookTopic,
)
from storefront.sales_channels.platforms.bigcommerce import orders
from storefront.sales_channels.platforms.bigcommerce.catalog import PRODUCTS, STOCK, Catalog
from storefront.sales_channels.platforms.bigcommerce.client import MISSING, PAGE_SIZE, Client
from storefront.sales_channels.platforms.bigcommerce.schemas import (
    Envelope,
    Hook,
    HookPayload,
    Location,
    Order,
    Quote,
    Refund,
    Shipment,
    Store,
    moment,
)
from storefront.sales_channels.platforms.changed_rows import read_changed

UNINSTALLED = "store/app/uninstalled"
SCOPES = ("store/order/*", UNINSTALLED)
DEFAULT_ID = "1"  # of the location and of the storefront that every store has
# Calls that change nothing, but need the permission to write.
PROBES = {
    "store_v2_products": ("PUT", PRODUCTS, []),
    "store_inventory": ("PUT", STOCK, {"reason": "", "items": []}),
    "store_v2_orders": ("PUT", "v2/orders/0", {}),
}
FORBIDDEN = "403"
WITH_LINES = {"include": "consignments.line_items", "consignment_structure": "object"}


class BigCommerce(Catalog):
    """One BigCommerce store: its catalog, and what is written here.

    Its address contains the hash of the store.
    """

    TITLE: ClassVar = "BigCommerce"
    SECRETS: ClassVar = (
        PlatformField(
            code="access_token",
            label=_("Access token"),
            help_text=_(
                "BigCommerce, Settings, Store-level API accounts: modify orders, products and"
                " store inventory; read information and settings."
            ),
        ),
        PlatformField(
            code="client_secret",
            label=_("Client secret"),
            help_text=_("Of the same API account. It signs the webhooks of the store."),
        ),
    )
    OPTIONS: ClassVar = (
        PlatformField(
            code="location_id",
            label=_("Location ID"),
            help_text=_("Where stock is set. Empty: the default location."),
            is_required=False,
        ),
        PlatformField(
            code="channel",
            label=_("Storefront channel ID"),
            help_text=_("Where products are shown. Empty: the default storefront."),
            is_required=False,
        ),
    )

    def __init__(self, context: PlatformContext) -> None:
        super().__init__(
            Client(context),
            location=_number(context.options, "location_id"),
            channel=_number(context.options, "channel"),
        )

    def close(self) -> None:
        self._client.close()

    def check(self) -> StoreInfo:
        store = self._client.get("v2/store", Store)
        missing = [scope for scope in PROBES if self._lacks(scope)]
        locations: list[Location] = []
        if "store_inventory" not in missing:
            locations = self._client.data("v3/inventory/locations", list[Location])
        return StoreInfo(
            name=store.name,
            currency=store.currency,
            prices_include_tax=store.is_price_entered_with_tax,
            missing_scopes=tuple(missing),
            locations={str(one.id): one.label for one in locations},
        )

    def _lacks(self, scope: str) -> bool:
        method, path, body = PROBES[scope]
        try:
            self._client.send(method, path, body=body)
        except PermanentError as error:
            return error.code == FORBIDDEN
        return False

    def identity(self) -> str:
        return self._client.get("v2/store", Store).id

    # Orders

    def orders_since(self, since: datetime) -> Iterator[RemoteOrder | UnreadableOrder]:
        rows = read_changed(
            self._changed_page, since=since, version_of=_version, page_size=PAGE_SIZE
        )
        for row in rows:
            if row.get("status_id") != orders.INCOMPLETE:
                yield self._listed(row)

    def _changed_page(self, after: datetime, page: int) -> list[dict[str, Any]]:
        return self._client.rows(
            "v2/orders",
            dict[str, Any],
            min_date_modified=after.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            sort="date_modified:asc",
            limit=PAGE_SIZE,
            page=page,
            **WITH_LINES,
        )

    def _listed(self, row: dict[str, Any]) -> RemoteOrder | UnreadableOrder:
        try:
            return self._whole(row)
        except PermanentError as error:
            return unreadable(str(row.get("id")), error)

    def order(self, external_id: str) -> RemoteOrder | None:
        try:
            raw = self._client.get(f"v2/orders/{external_id}", dict[str, Any], **WITH_LINES)
        except PermanentError as error:
            if error.code == MISSING:
                return None
            raise
        return self._whole(raw)

    def _whole(self, raw: dict[str, Any]) -> RemoteOrder:
        """Translate an order; its refunds take a call if it has any."""
        number = str(raw.get("id"))
        has_refunds = str(raw.get("refunded_amount") or "0").strip("0.") != ""
        refunds = self._refunds(number) if has_refunds else []
        with must_be_readable(f"order {number}"):
            return orders.read_order(raw, refunds)

    def _existing(self, external_id: str) -> Order:
        return self._client.get(f"v2/orders/{external_id}", Order, **WITH_LINES)

    def write_fulfillment(self, fulfillment: FulfillmentWrite) -> str:
        order = self._existing(fulfillment.order_id)
        if order.status_id == orders.CANCELED:
            raise PermanentError(f"order {order.id} was canceled", code="canceled")
        path = f"v2/orders/{order.id}/shipments"
        comment = orders.PARCEL.format(key=fulfillment.key)
        for one in self._client.rows(path, Shipment, limit=PAGE_SIZE):
            if one.comments == comment:
                return str(one.id)
        body = orders.shipment_body(fulfillment, order)
        return str(self._client.write("POST", path, body, Shipment).id)

    def update_tracking(self, fulfillment_id: str, fulfillment: FulfillmentWrite) -> None:
        path = f"v2/orders/{fulfillment.order_id}/shipments/{fulfillment_id}"
        self._client.send("PUT", path, body=orders.tracking_body(fulfillment))

    def cancel_order(self, external_id: str, *, reason: str) -> None:
        order = self._existing(external_id)
        if order.status_id == orders.CANCELED:
            return
        notes = "\n".join(filter(None, [order.staff_notes, reason]))
        body = {"status_id": orders.CANCELED, "staff_notes": notes}
        self._client.write("PUT", f"v2/orders/{external_id}", body, Order)

    def refund(self, refund: RefundWrite) -> RemoteRefund:
        currency = refund.amount.currency
        for one in self._refunds(refund.order_id):
            made = orders.read_refund(one, currency)
            if made.key == refund.key:
                return made
        items = orders.refund_items(refund, self._existing(refund.order_id))
        path = f"v3/orders/{refund.order_id}/payment_actions"
        quote = self._client.write(
            "POST", f"{path}/refund_quotes", {"items": items}, Envelope[Quote]
        )
        body = orders.refund_body(refund, items, quote.data)
        made_now = self._client.write("POST", f"{path}/refunds", body, Envelope[Refund])
        return orders.read_refund(made_now.data, currency)

    def _refunds(self, order_id: str) -> list[Refund]:
        return self._client.data(f"v3/orders/{order_id}/payment_actions/refunds", list[Refund])

    # Webhooks

    def register_webhooks(self, *, url: str) -> Iterable[str]:
        """Subscribe to what is missing; BigCommerce deactivates webhooks that fail for two days."""
        known = [one for one in self._client.pages("v3/hooks", Hook) if one.destination == url]
        for one in known:
            if not one.is_active:
                self._client.send("PUT", f"v3/hooks/{one.id}", body={"is_active": True})
        missing = [scope for scope in SCOPES if scope not in {one.scope for one in known}]
        for scope in missing:
            body = {"scope": scope, "destination": url, "is_active": True}
            self._client.send("POST", "v3/hooks", body=body)
        return missing

    @staticmethod
    def verify_webhook(
        *, headers: Mapping[str, str], body: bytes, secrets: Mapping[str, str]
    ) -> PlatformWebhook:
        """Verify the signature by Standard Webhooks; its key is the client secret."""
        secret = base64.b64encode(secrets.get("client_secret", "").encode()).decode()
        if not secret:
            raise InvalidSignatureError("the connection has no client secret")
        now = datetime.fromtimestamp(time.time(), UTC)
        try:
            delivery_id = verify(headers=lower_names(headers), body=body, secrets=[secret], now=now)
        except ExpiredTimestampError as error:
            raise InvalidSignatureError(str(error)) from error
        try:
            payload = msgspec.json.decode(body, type=HookPayload, strict=False)
        except msgspec.MsgspecError as error:
            raise InvalidHeadersError("the payload is malformed") from error
        if payload.scope == UNINSTALLED:
            return PlatformWebhook(delivery_id=delivery_id, topic=WebhookTopic.UNINSTALLED)
        if payload.data.type != "order":
            return PlatformWebhook(delivery_id=delivery_id, topic=WebhookTopic.OTHER)
        return PlatformWebhook(
            delivery_id=delivery_id, topic=WebhookTopic.ORDER, order_id=str(payload.data.id)
        )


def _version(row: Mapping[str, Any]) -> tuple[str, datetime]:
    return str(row.get("id")), moment(str(row.get("date_modified")))


def _number(options: Mapping[str, str], name: str) -> int:
    """Return an id that staff entered. Raises PermanentError: it is no number."""
    entered = options.get(name) or DEFAULT_ID
    if not (entered.isascii() and entered.isdecimal()):
        raise PermanentError(f"{name} {entered[:40]!r} is no number", code="setup")
    return int(entered)
