"""CJ connector: read products, stock and costs, quote, order, track, claim, receive webhooks.

It uses version 2 of the API of CJ Dropshipping.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar

import msgspec

from catalog.records import ImportIssue
from storefront.lib.address import Address
from storefront.lib.money import Money
from suppliers.connectors import parsing
from suppliers.connectors.cj import (
    client,
    disputes,
    order_status,
    orders,
    product_details,
    product_list,
    stock,
    webhooks,
)
from suppliers.connectors.cj.client import POINTS_QUOTA, ApiClient
from suppliers.connectors.cj.product_list import CachedList
from suppliers.connectors.cj.schemas import ProductStock
from suppliers.connectors.cj.webhooks import Signature
from suppliers.connectors.context import ConnectorContext, Quota, Secret
from suppliers.connectors.records import (
    ClaimReport,
    ClaimRequest,
    FreightOption,
    InvoiceReport,
    OrderReference,
    PriceReport,
    ProductDetail,
    ProductSummary,
    PurchaseOrderReport,
    PurchaseOrderRequest,
    PurchaseOrderRequestLine,
    StockReport,
    SupplierEvent,
)


class Payment(StrEnum):
    """How an order is paid: by CJ at once, or by us step by step."""

    BALANCE = "balance"
    STAGED = "staged"


class Options(msgspec.Struct, forbid_unknown_fields=True):
    """Settings of a connection to CJ.

    ``level`` is the account's, 0 (Free) to 5 (Advanced). With ``signature`` "warn" a message
    without a valid signature is accepted, outside production only.
    """

    payment: Payment = Payment.BALANCE
    level: Annotated[int, msgspec.Meta(ge=0, le=5)] | None = None
    points_per_day: Annotated[int, msgspec.Meta(ge=1)] = client.POINTS_PER_DAY
    signature: Signature = Signature.REQUIRE


class CJ:
    """Connector of CJ: a SKU is CJ's ``vid``, a location is a country."""

    TITLE: ClassVar = "CJ Dropshipping"
    SECRETS: ClassVar = (Secret(name="api_key", label="API key"),)
    OPTIONS: ClassVar = Options
    CALLS: ClassVar = client.CALLS
    QUOTAS: ClassVar[tuple[Quota, ...]] = (POINTS_QUOTA,)
    CURRENCY: ClassVar = product_details.CURRENCY

    def __init__(self, context: ConnectorContext) -> None:
        self._options: Options = context.settings(Options)
        self._state = context.state
        self._minimums: dict[str, int] = {}  # only the list has them
        self._list = CachedList(folder=context.folder, address=context.base_url)
        self._list_since = context.list_since
        self._listed_at: datetime | None = None
        self._api = ApiClient(context, points_per_day=self._options.points_per_day)

    calls_per_second = staticmethod(client.calls_per_second)

    def sign_in(self) -> str:
        """Return the account's name; store its rate limit."""
        account = self._api.settings()
        allowed = parsing.integer(account.setting.qps_limit) if account.setting else None
        if allowed is not None and allowed > 0:
            self._state.save({"calls_per_second": allowed})
        return account.open_name or parsing.text(account.open_id)

    def close(self) -> None:
        self._api.close()

    @property
    def listed_at(self) -> datetime | None:
        return self._listed_at

    def product_rows(self) -> Iterator[ProductSummary | ImportIssue]:
        for row in self._listed():
            if isinstance(row, ProductSummary) and row.min_order_units:
                self._minimums[row.external_id] = row.min_order_units
            yield row

    def _listed(self) -> Iterator[ProductSummary | ImportIssue]:
        """Read the list, or the copy that another job read since ``list_since``."""
        self._listed_at = None
        if self._list_since is None:
            yield from self._list.cache(product_list.product_rows(self._api))
            return
        with self._list.lock():
            at = self._list.fetched_at()
            if at is None or at < self._list_since:
                yield from self._list.cache(product_list.product_rows(self._api))
                return
        self._listed_at = at
        self._api.open()
        yield from self._list.rows()

    def product(self, *, external_id: str) -> ProductDetail:
        return product_details.product(
            self._api, external_id, minimum=self._minimums.get(external_id)
        )

    def stock(self, *, external_id: str) -> tuple[StockReport | ImportIssue, ...]:
        product = self._api.get_with_retries(
            "product/stock/getInventoryByPid", ProductStock, pid=external_id
        )
        return stock.of_product(external_id, product.variant_inventories)

    def costs(self, *, external_id: str) -> tuple[PriceReport | ImportIssue, ...]:
        offered = self._api.get_with_retries("product/variant/query", list[Any], pid=external_id)
        return tuple(product_details.costs(external_id, offered))

    def freight(
        self, *, country_from: str, ship_to: Address, lines: tuple[PurchaseOrderRequestLine, ...]
    ) -> tuple[FreightOption, ...]:
        return orders.freight(self._api, country_from=country_from, ship_to=ship_to, lines=lines)

    def place(self, request: PurchaseOrderRequest) -> PurchaseOrderReport:
        return orders.place(self._api, request, is_staged=self._is_staged)

    def find(self, *, number: str) -> PurchaseOrderReport | None:
        return orders.find(self._api, number)

    def resume(self, *, number: str) -> PurchaseOrderReport | None:
        """Continue an order that we pay step by step; CJ completes the others itself."""
        if self._is_staged:
            return orders.resume(self._api, number)
        return orders.find(self._api, number)

    @property
    def _is_staged(self) -> bool:
        return self._options.payment is Payment.STAGED

    def cancel(self, *, number: str) -> PurchaseOrderReport:
        return orders.cancel(self._api, number, is_staged=self._is_staged)

    def track(self, orders: Sequence[OrderReference]) -> Iterator[PurchaseOrderReport]:
        return order_status.track(self._api, orders)

    verify_signature = staticmethod(webhooks.verify_signature)

    @staticmethod
    def parse_event(body: bytes, *, received_at: datetime) -> tuple[SupplierEvent, ...]:
        del received_at
        return webhooks.parse_event(body)

    def register_webhook(self, *, url: str) -> None:
        webhooks.register_webhook(self._api, url)

    def max_subscriptions(self) -> int:
        return client.MAX_SUBSCRIPTIONS[self._options.level or 0]

    def subscribed(self) -> frozenset[str]:
        return webhooks.subscribed(self._api)

    def subscribe(self, *, external_ids: Sequence[str]) -> Sequence[str]:
        return webhooks.subscribe(self._api, external_ids)

    def unsubscribe(self, *, external_ids: Sequence[str]) -> None:
        webhooks.unsubscribe(self._api, external_ids)

    def balance(self) -> Money:
        return orders.balance(self._api)

    def list_invoices(self, *, since: datetime) -> Iterator[InvoiceReport]:
        return order_status.list_invoices(self._api, since=since)

    def open_claim(self, claim: ClaimRequest) -> ClaimReport:
        return disputes.open_claim(self._api, claim)

    def claims(self, *, supplier_reference: str) -> tuple[ClaimReport, ...]:
        return disputes.claims(self._api, supplier_reference)

    def cancel_claim(self, *, supplier_reference: str, supplier_claim_reference: str) -> None:
        disputes.cancel_claim(
            self._api,
            supplier_reference=supplier_reference,
            supplier_claim_reference=supplier_claim_reference,
        )
