"""Shopify adapter: the platform protocol over Shopify's GraphQL Admin API."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

import msgspec
from django.utils.translation import gettext_lazy as _

from storefront.lib.http.errors import PermanentError
from storefront.sales_channels.platforms.base import (
    GARBAGE,
    FulfillmentWrite,
    ListedProduct,
    PlatformContext,
    PlatformField,
    PlatformWebhook,
    PriceWrite,
    ProductResult,
    RefundWrite,
    RemoteOrder,
    RemoteRefund,
    StockWrite,
    StoreInfo,
    UnreadableOrder,
    VariantState,
    WriteResult,
)
from storefront.sales_channels.platforms.shopify import order_writes, queries, webhooks
from storefront.sales_channels.platforms.shopify.catalog import Catalog
from storefront.sales_channels.platforms.shopify.client import (
    MUTATION_COST,
    GraphqlClient,
    raise_for,
)
from storefront.sales_channels.platforms.shopify.orders import has_more_parts, parse_order

WRITE = "write_"
# A write scope includes the read scope of the same name.
SCOPES = (
    "write_products",
    "write_inventory",
    "read_locations",
    "write_orders",
    "write_merchant_managed_fulfillment_orders",
    "write_publications",
)


class Shopify:
    """One Shopify store."""

    TITLE: ClassVar[str] = "Shopify"
    SECRETS: ClassVar[tuple[PlatformField, ...]] = (
        PlatformField(
            code="client_secret",
            label=_("Client secret"),
            help_text=_("Of the app, in its settings. It also signs the webhooks."),
        ),
        PlatformField(
            code="client_id",
            label=_("Client ID"),
            help_text=_("Of an app of the Dev Dashboard. Leave empty with an access token."),
            is_required=False,
        ),
        PlatformField(
            code="access_token",
            label=_("Admin API access token"),
            help_text=_("Of a custom app made in the admin before 2026, such as shpat_…"),
            is_required=False,
        ),
    )
    OPTIONS: ClassVar[tuple[PlatformField, ...]] = (
        PlatformField(
            code="location_id",
            label=_("Stock location"),
            help_text=_("Where stock is set. Empty: the first location of the store."),
            is_required=False,
        ),
    )

    def __init__(self, context: PlatformContext) -> None:
        self._api = GraphqlClient(context)
        self._catalog = Catalog(self._api, context)

    def close(self) -> None:
        self._api.close()

    def check(self) -> StoreInfo:
        """Read the store, our permissions and the stock locations in one call."""
        said = self._api.query(queries.SHOP)
        granted = {each["handle"] for each in said["currentAppInstallation"]["accessScopes"]}
        granted |= {f"read_{each.removeprefix(WRITE)}" for each in granted if WRITE in each}
        return StoreInfo(
            name=said["shop"]["name"],
            currency=said["shop"]["currencyCode"],
            prices_include_tax=said["shop"]["taxesIncluded"],
            missing_scopes=tuple(each for each in SCOPES if each not in granted),
            locations={each["id"]: each["name"] for each in said["locations"]["nodes"]},
        )

    # Products

    def write_products(self, products: Sequence[ListedProduct]) -> Iterator[ProductResult]:
        return self._catalog.write_products(products)

    def write_stock(self, writes: Sequence[StockWrite]) -> Iterator[WriteResult]:
        return self._catalog.write_stock(writes)

    def write_prices(self, writes: Sequence[PriceWrite]) -> Iterator[WriteResult]:
        return self._catalog.write_prices(writes)

    def unpublish(self, external_ids: Sequence[str]) -> Iterator[ProductResult]:
        return self._catalog.unpublish(external_ids)

    def read_variants(self) -> Iterator[VariantState]:
        return self._catalog.read_variants()

    # Orders

    def orders_since(self, since: datetime) -> Iterator[RemoteOrder | UnreadableOrder]:
        moment = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        after = None
        while True:
            said = self._api.query(
                queries.ORDERS,
                {
                    "first": queries.ORDERS_PER_PAGE,
                    "after": after,
                    "query": f"updated_at:>='{moment}'",
                    "lines": queries.LINES_IN_LIST,
                    "parts": queries.PARTS_IN_LIST,
                },
                cost=queries.ORDERS_COST,
            )["orders"]
            for each in said["nodes"]:
                try:
                    is_cut = has_more_parts(each, queries.PARTS_IN_LIST)
                    order = self.order(each["id"]) if is_cut else self._whole(each)
                except PermanentError as error:
                    if error.code != GARBAGE:
                        raise
                    yield UnreadableOrder(external_id=each["id"], problem=str(error))
                    continue
                if order is not None:
                    yield order
            if not said["pageInfo"]["hasNextPage"]:
                return
            after = said["pageInfo"]["endCursor"]

    def order(self, external_id: str) -> RemoteOrder | None:
        said: Mapping[str, Any] | None = None
        for parts in queries.PARTS_ALONE:
            variables = {"id": external_id, "lines": queries.LINES_PER_PAGE, "parts": parts}
            said = self._api.query(queries.ORDER, variables)["order"]
            if said is None or not has_more_parts(said, parts):
                break
        return self._whole(said) if said else None

    def _whole(self, said: Mapping[str, Any]) -> RemoteOrder:
        """Parse an order after reading its further lines."""
        more: list[Mapping[str, Any]] = []
        page = said["lineItems"]["pageInfo"]
        while page["hasNextPage"]:
            lines = self._api.query(
                queries.MORE_LINES,
                {"id": said["id"], "first": queries.PAGE_SIZE, "after": page["endCursor"]},
            )["order"]["lineItems"]
            more += lines["nodes"]
            page = lines["pageInfo"]
        try:
            return parse_order(said, more)
        except msgspec.ValidationError as error:
            raise PermanentError(f"order {said['id']}: {error}", code=GARBAGE) from error

    def write_fulfillment(self, fulfillment: FulfillmentWrite) -> str:
        return order_writes.write_fulfillment(self._api, fulfillment)

    def update_tracking(self, fulfillment_id: str, fulfillment: FulfillmentWrite) -> None:
        order_writes.update_tracking(self._api, fulfillment_id, fulfillment)

    def cancel_order(self, external_id: str, *, reason: str) -> None:
        order_writes.cancel(self._api, external_id, reason=reason)

    def refund(self, refund: RefundWrite) -> RemoteRefund:
        return order_writes.refund(self._api, refund)

    # Webhooks

    def register_webhooks(self, *, url: str) -> Iterable[str]:
        known = self._api.query(queries.SUBSCRIPTIONS)["webhookSubscriptions"]["nodes"]
        held = {each["topic"] for each in known if each["uri"] == url}
        missing = [topic for topic in webhooks.TOPICS if topic not in held]
        if not missing:
            return []
        variables: dict[str, Any] = {"subscription": {"uri": url, "format": "JSON"}}
        variables |= {f"topic{number}": topic for number, topic in enumerate(missing)}
        said = self._api.mutate(
            queries.subscribe(len(missing)), variables, cost=MUTATION_COST * len(missing)
        )
        for number, topic in enumerate(missing):
            raise_for(said[f"a{number}"], what=f"webhookSubscriptionCreate {topic}")
        return missing

    @staticmethod
    def verify_webhook(
        *, headers: Mapping[str, str], body: bytes, secrets: Mapping[str, str]
    ) -> PlatformWebhook:
        return webhooks.verify(headers=headers, body=body, secrets=secrets)
