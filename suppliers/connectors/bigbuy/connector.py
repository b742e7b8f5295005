"""BigBuy connector: read products, stock and costs, quote, order, track, suggest options."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import ClassVar

from catalog.records import ImportIssue
from storefront.lib.address import Address
from storefront.lib.money import Money
from suppliers.connectors.bigbuy import freight, product_lists, product_pages, stock_and_costs
from suppliers.connectors.bigbuy import orders as bigbuy_orders
from suppliers.connectors.bigbuy.client import ApiClient
from suppliers.connectors.bigbuy.list_store import ListStore
from suppliers.connectors.bigbuy.options import CURRENCY, QUOTAS, Options
from suppliers.connectors.bigbuy.schemas import Carrier, OrderStatus
from suppliers.connectors.context import ConnectorContext, Quota, Secret
from suppliers.connectors.records import (
    Acknowledgement,
    FreightOption,
    MissingRowMeans,
    OrderReference,
    PriceReport,
    ProductDetail,
    PurchaseOrderReport,
    PurchaseOrderRequest,
    PurchaseOrderRequestLine,
    StockReport,
)


def _suggestions(api: ApiClient, options: Options) -> Iterator[str]:
    if not options.taxonomies:
        yield "Enter the taxonomies to list: BigBuy may reject product lists without one."
    if not options.email:
        yield "Enter our e-mail address: orders cannot be placed without it."
    statuses = [status.name for status in api.get("order/orderstatuses", list[OrderStatus])]
    if unknown := [name for name in statuses if options.answer(name) is None]:
        names = ", ".join(repr(name) for name in unknown)
        answers = ", ".join(answer.value for answer in Acknowledgement)
        yield (
            f"Map these statuses in order_statuses to one of {answers};"
            f" until then they count as accepted: {names}."
        )
    offered = {row.name.casefold() for row in api.get("shipping/carriers", list[Carrier])}
    if not_offered := sorted({name.casefold() for name in options.carriers} - offered):
        lists = [", ".join(carriers) for carriers in (not_offered, sorted(offered))]
        yield f"BigBuy does not offer these carriers: {lists[0]}. It offers {lists[1]}."


class BigBuy:
    """Connector of BigBuy: locations are warehouses; it has no cancellation and no webhooks."""

    TITLE: ClassVar = "BigBuy"
    SECRETS: ClassVar = (Secret(name="api_key", label="API key"),)
    OPTIONS: ClassVar = Options
    QUOTAS: ClassVar[tuple[Quota, ...]] = QUOTAS
    CURRENCY: ClassVar = CURRENCY

    CALLS: ClassVar = {
        "catalog/": "catalog",
        "catalog/productsstock": "stock and price",
        "catalog/productsvariationsstock": "stock and price",
        "order/": "order reading",
        "order/check": "order validation",
        "order/create": "order placing",
        "shipping/": "freight quote",
        "tracking/": "tracking",
        "user/auth/": "sign in",
        "user/purse": "balance",
    }

    omitted_products = MissingRowMeans.DISCONTINUED
    omitted_stock = omitted_costs = MissingRowMeans.OUT_OF_STOCK

    def __init__(self, context: ConnectorContext) -> None:
        self._options = context.settings(Options)
        self._folder = context.folder
        self._api = ApiClient(context, self._options)
        self._state = context.state
        self._opened: ListStore | None = None
        self._listed: tuple[list[ImportIssue], frozenset[int]] | None = None

    @property
    def _list_store(self) -> ListStore:
        if self._opened is None:
            self._opened = ListStore(self._folder)
        return self._opened

    def sign_in(self) -> str:
        """Check the API key. BigBuy answers without an account name, so the result is empty."""
        self._api.check("user/auth/status")
        return ""

    def close(self) -> None:
        self._api.close()
        if self._opened is not None:
            self._opened.close()

    def pages(self) -> Iterator[ProductDetail | ImportIssue]:
        if self._listed is None:
            self._listed = product_lists.fetch(
                self._api, self._list_store, self._options, self._state
            )
        bad_rows, product_ids = self._listed
        yield from bad_rows
        yield from product_pages.pages(self._list_store, product_ids)

    @property
    def list_counts(self) -> Mapping[str, int]:
        return {**self._list_store.counts(), **self._api.list_counts}

    def invalidate_list(self, name: str) -> None:
        self._list_store.forget(name.partition(" ")[0])

    def stock_rows(self) -> Iterator[tuple[str, tuple[StockReport | ImportIssue, ...]]]:
        product_lists.fetch_variations(self._api, self._list_store)
        yield from stock_and_costs.stock_rows(self._api, self._list_store, self._options)

    def cost_rows(self) -> Iterator[tuple[str, tuple[PriceReport | ImportIssue, ...]]]:
        product_lists.fetch_variations(self._api, self._list_store)
        yield from stock_and_costs.cost_rows(self._api, self._list_store)

    def freight(
        self, *, country_from: str, ship_to: Address, lines: tuple[PurchaseOrderRequestLine, ...]
    ) -> tuple[FreightOption, ...]:
        del country_from  # BigBuy knows where the items are
        return freight.cheapest_quotes(self._api, self._options, ship_to=ship_to, lines=lines)

    def validate(self, request: PurchaseOrderRequest) -> Money | None:
        return bigbuy_orders.validate(self._api, self._options, request)

    def place(self, request: PurchaseOrderRequest) -> PurchaseOrderReport:
        return bigbuy_orders.place(self._api, self._options, request)

    def find(self, *, number: str) -> PurchaseOrderReport | None:
        return bigbuy_orders.find(self._api, self._options, number)

    def track(self, orders: Sequence[OrderReference]) -> Iterable[PurchaseOrderReport]:
        return bigbuy_orders.track(self._api, self._options, orders)

    def balance(self) -> Money:
        return Money(self._api.get("user/purse", Decimal), CURRENCY)

    def advice(self) -> tuple[str, ...]:
        return tuple(_suggestions(self._api, self._options))
