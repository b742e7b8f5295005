"""WooCommerce adapter: publish products, import orders, report parcels and refunds, REST API v3.

WooCommerce has no idempotency keys: a product is found by its SKU, a parcel by its meta data and a
refund by its reason before anything is repeated.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, ClassVar

import msgspec
from django.utils.translation import gettext_lazy as _

from storefront.lib.http.errors import PermanentError
from storefront.lib.security.webhook_signing import InvalidHeadersError
from storefront.sales_channels.platforms.answers import (
    check_hmac,
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
from storefront.sales_channels.platforms.changed_rows import read_changed
from storefront.sales_channels.platforms.woocommerce import orders
from storefront.sales_channels.platforms.woocommerce.catalog import Catalog
from storefront.sales_channels.platforms.woocommerce.client import PAGE_SIZE, UNAUTHORIZED, Client
from storefront.sales_channels.platforms.woocommerce.fulfillments import Fulfillments
from storefront.sales_channels.platforms.woocommerce.schemas import (
    Index,
    Note,
    Order,
    Refund,
    Setting,
    Webhook,
    WebhookBatch,
    moment,
)

TOPICS = ("order.created", "order.updated", "order.deleted", "order.restored")
ORDER_MISSING = "woocommerce_rest_shop_order_invalid_id"
CANCELED = "cancelled"
PRECISION = 6  # digits of net amounts and taxes: rounded ones would not add up to what was paid
HOME_PREFIX = re.compile(r"https?://(www\.)?", re.IGNORECASE)
DELIVERY_ID = re.compile(r"[!-~]{1,100}")


class WooCommerce(Catalog):
    """One WooCommerce store: its catalog, and what is written here."""

    TITLE: ClassVar = "WooCommerce"
    SECRETS: ClassVar = (
        PlatformField(
            code="consumer_key",
            label=_("Consumer key"),
            help_text=_("WooCommerce, Settings, Advanced, REST API: a key with read and write."),
        ),
        PlatformField(
            code="consumer_secret",
            label=_("Consumer secret"),
            help_text=_("It also signs the webhooks of the store."),
        ),
    )
    OPTIONS: ClassVar[tuple[PlatformField, ...]] = ()

    def __init__(self, context: PlatformContext) -> None:
        self._secret = context.secrets.get("consumer_secret", "")
        super().__init__(Client(context))
        self._fulfillments = Fulfillments(self._client)

    def close(self) -> None:
        self._client.close()

    def check(self) -> StoreInfo:
        index = self._client.get("?_fields=name,namespaces", Index)
        if "wc/v3" not in index.namespaces:
            raise PermanentError("the site has no WooCommerce REST API v3", code="no_woocommerce")
        path = "settings/tax/woocommerce_prices_include_tax"
        includes_tax = self._client.get(path, Setting).value == "yes"
        return StoreInfo(
            name=index.name,
            currency=self.currency,
            prices_include_tax=includes_tax,
            missing_scopes=tuple(self._missing_scopes()),
        )

    def _missing_scopes(self) -> Iterator[str]:
        """Yield permissions to write that the key lacks: an empty batch changes nothing."""
        for path in ("products", "orders"):
            try:
                # An answer in PHP is then an empty list, not an object.
                self._client.send("PUT", f"{path}/batch", body={})
            except PermanentError as error:
                if error.code not in {str(int(status)) for status in UNAUTHORIZED}:
                    raise
                yield f"write {path}"

    def identity(self) -> str:
        """Return the home address of the site: a copy of it has the same IDs of orders."""
        home = self._client.get("?_fields=home", Index).home
        return HOME_PREFIX.sub("", home).rstrip("/").lower()

    # Orders

    def orders_since(self, since: datetime) -> Iterator[RemoteOrder | UnreadableOrder]:
        rows = read_changed(
            self._changed_page, since=since, version_of=_version, page_size=PAGE_SIZE
        )
        return map(self._listed, rows)

    def _changed_page(self, after: datetime, page: int) -> list[dict[str, Any]]:
        return self._client.get(
            "orders",
            list[dict[str, Any]],
            modified_after=after.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
            dates_are_gmt="true",
            orderby="modified",
            order="asc",
            per_page=PAGE_SIZE,
            page=page,
            dp=PRECISION,
        )

    def _listed(self, row: dict[str, Any]) -> RemoteOrder | UnreadableOrder:
        try:
            return self._whole(row)
        except PermanentError as error:
            return unreadable(str(row.get("id")), error)

    def order(self, external_id: str) -> RemoteOrder | None:
        try:
            raw = self._client.get(f"orders/{external_id}", dict[str, Any], dp=PRECISION)
            return self._whole(raw)
        except PermanentError as error:
            if error.code == ORDER_MISSING:
                return None
            raise

    def _whole(self, raw: dict[str, Any]) -> RemoteOrder:
        """Translate an order; its refunds take a call if it has any."""
        refunds = self._refunds(str(raw.get("id"))) if raw.get("refunds") else []
        with must_be_readable(f"order {raw.get('id')}"):
            return orders.read_order(raw, refunds)

    def _existing(self, external_id: str) -> RemoteOrder:
        found = self.order(external_id)
        if found is None:
            raise PermanentError(f"order {external_id} was deleted", code=ORDER_MISSING)
        return found

    def write_fulfillment(self, fulfillment: FulfillmentWrite) -> str:
        order = self._existing(fulfillment.order_id)
        if order.is_canceled:
            raise PermanentError(f"order {order.name} was canceled", code="canceled")
        return self._fulfillments.write(fulfillment, order)

    def update_tracking(self, fulfillment_id: str, fulfillment: FulfillmentWrite) -> None:
        parcel = replace(fulfillment, key=fulfillment_id)
        self._fulfillments.update(parcel, self._existing(fulfillment.order_id))

    def cancel_order(self, external_id: str, *, reason: str) -> None:
        if self._existing(external_id).is_canceled:
            return
        self._client.write("PUT", f"orders/{external_id}", {"status": CANCELED}, Order)
        if reason:
            self._client.write("POST", f"orders/{external_id}/notes", {"note": reason}, Note)

    def refund(self, refund: RefundWrite) -> RemoteRefund:
        currency = refund.amount.currency
        for one in self._refunds(refund.order_id):
            made = orders.read_refund(one, currency)
            if made.key == refund.key:
                return made
        path = f"orders/{refund.order_id}"
        body = orders.refund_body(refund, self._client.get(path, Order, dp=PRECISION))
        made_now = self._client.write("POST", f"{path}/refunds", body, Refund)
        return orders.read_refund(made_now, currency)

    def _refunds(self, order_id: str) -> list[Refund]:
        return list(self._client.pages(f"orders/{order_id}/refunds", Refund))

    # Webhooks

    def register_webhooks(self, *, url: str) -> Iterable[str]:
        """Subscribe to what is missing; existing webhooks get our secret and are activated."""
        known = [one for one in self._client.pages("webhooks", Webhook) if one.delivery_url == url]
        missing = [topic for topic in TOPICS if topic not in {one.topic for one in known}]
        shared = {"status": "active", "secret": self._secret}
        body = {
            "create": [
                {"name": f"Fara {topic}", "topic": topic, "delivery_url": url, **shared}
                for topic in missing
            ],
            "update": [{"id": one.id, **shared} for one in known],
        }
        answer = self._client.write("PUT", "webhooks/batch", body, WebhookBatch)
        for one in answer.create:
            if one.error is not None:
                raise PermanentError(f"webhook refused: {one.error.message[:200]}", code="refused")
        return missing

    @staticmethod
    def verify_webhook(
        *, headers: Mapping[str, str], body: bytes, secrets: Mapping[str, str]
    ) -> PlatformWebhook:
        """Verify the signature of a call that is no ping."""
        given = lower_names(headers)
        signature = given.get("x-wc-webhook-signature", "")
        delivery_id = given.get("x-wc-webhook-delivery-id", "")
        if not signature or not DELIVERY_ID.fullmatch(delivery_id):
            raise InvalidHeadersError("signature and delivery ID are required")
        check_hmac(body, secret=secrets.get("consumer_secret", ""), signature=signature)
        if given.get("x-wc-webhook-resource") != "order":
            return PlatformWebhook(delivery_id=delivery_id, topic=WebhookTopic.OTHER)
        try:
            order_id = msgspec.json.decode(body, type=dict[str, Any]).get("id", "")
        except msgspec.MsgspecError as error:
            raise InvalidHeadersError("the payload is not a JSON object") from error
        return PlatformWebhook(
            delivery_id=delivery_id, topic=WebhookTopic.ORDER, order_id=str(order_id)
        )


def _version(row: Mapping[str, Any]) -> tuple[str, datetime]:
    return str(row.get("id")), moment(str(row.get("date_modified_gmt")))
