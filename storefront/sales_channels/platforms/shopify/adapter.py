"""Shopify adapter: the platform protocol over Shopify's GraphQL Admin API."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from storefront.lib.http.errors import PermanentError
from storefront.sales_channels.platforms.answers import must_be_readable, unreadable
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


class Shopify(Catalog):
    """One Shopify store: its catalog, and what is written here."""

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
        super().__init__(GraphqlClient(context), context)

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

    def identity(self) -> str:
        return str(self._api.query(queries.SHOP_ID)["shop"]["id"])

    # Orders

    def orders_since(self, since: datetime) -> Iterator[RemoteOrder | UnreadableOrder]:
        moment = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        variables = {
            "first": queries.ORDERS_PER_PAGE,
            "query": f"updated_at:>='{moment}'",
            "lines": queries.LINES_IN_LIST,
            "parts": queries.PARTS_IN_LIST,
        }
        for page in self._api.pages("orders", queries.ORDERS, variables, cost=queries.ORDERS_COST):
            for each in page["orders"]["nodes"]:
                try:
                    is_cut = has_more_parts(each, queries.PARTS_IN_LIST)
                    order = self.order(each["id"]) if is_cut else self._whole(each)
                except PermanentError as error:
                    yield unreadable(each["id"], error)
                    continue
                if order is not None:
                    yield order

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
        with must_be_readable(f"order {said['id']}"):
            return parse_order(said, more)

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
