"""onX connector: read products, stock and costs, order, track and cancel on an onX server."""

from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar

from catalog.records import ImportIssue
from suppliers.connectors.context import ConnectorContext, Quota, Secret
from suppliers.connectors.onx.catalog import Catalog
from suppliers.connectors.onx.client import ToolClient
from suppliers.connectors.onx.options import Options
from suppliers.connectors.onx.orders import Orders
from suppliers.connectors.records import (
    MissingRowMeans,
    OrderReference,
    PriceReport,
    ProductDetail,
    PurchaseOrderReport,
    PurchaseOrderRequest,
    StockReport,
)

TOOLS = {
    "get-products": "catalog",
    "get-product-variants": "catalog",
    "get-inventory": "stock and price",
    "create-sales-order": "order placing",
    "get-orders": "order reading",
    "get-fulfillments": "tracking",
    "cancel-order": "cancellation",
}
UNKNOWN_STATUSES = "unknown_statuses"  # in the connector's state
MAX_STATUS_LENGTH = 40


class OnX:
    """Connector of any onX server: a location is one of its warehouses; it quotes no freight."""

    TITLE: ClassVar = "onX (Order Network eXchange)"
    SECRETS: ClassVar = (Secret(name="token", label="API key"),)
    OPTIONS: ClassVar = Options
    QUOTAS: ClassVar[tuple[Quota, ...]] = ()
    CURRENCY: ClassVar = "USD"
    CALLS: ClassVar = {**TOOLS, "initialize": "sign in", "tools": "sign in"}

    omitted_products = MissingRowMeans.DISCONTINUED
    omitted_stock = omitted_costs = MissingRowMeans.OUT_OF_STOCK

    def __init__(self, context: ConnectorContext) -> None:
        self._options = context.settings(Options)
        self._state = context.state
        self._api = ToolClient(context, self._options)
        self._catalog = Catalog(self._api, self._options, currency=context.currency)
        self._orders = Orders(self._api, self._options, note_unknown=self._note_unknown_status)

    def sign_in(self) -> str:
        """Check the key by reading one product; return the server's name."""
        self._api.query("get-products", {"pageSize": 1})
        return self._api.server_name

    def close(self) -> None:
        self._api.close()
        self._catalog.close()

    def pages(self) -> Iterator[ProductDetail | ImportIssue]:
        return self._catalog.pages()

    def stock_rows(self) -> Iterator[tuple[str, tuple[StockReport | ImportIssue, ...]]]:
        return self._catalog.stock_rows()

    def cost_rows(self) -> Iterator[tuple[str, tuple[PriceReport | ImportIssue, ...]]]:
        return self._catalog.cost_rows()

    def place(self, request: PurchaseOrderRequest) -> PurchaseOrderReport:
        return self._orders.place(request)

    def find(self, *, number: str) -> PurchaseOrderReport | None:
        return self._orders.find(number)

    def track(self, orders: Sequence[OrderReference]) -> Iterable[PurchaseOrderReport]:
        return self._orders.track(orders)

    def cancel(self, *, number: str) -> PurchaseOrderReport:
        return self._orders.cancel(number)

    def advice(self) -> tuple[str, ...]:
        notes = []
        if missing := sorted(TOOLS.keys() - self._api.tools()):
            notes.append(f"The server lacks these tools: {', '.join(missing)}.")
        if not (self._options.warehouses or self._options.warehouse_country):
            notes.append("Enter the country of the warehouses: without it, no stock is read.")
        seen = self._state.load().get(UNKNOWN_STATUSES, {})
        if unknown := sorted(name for name in seen if self._options.answer(name) is None):
            notes.append(
                f"Map these statuses in order_statuses: {', '.join(map(repr, unknown))}."
                " Until then, orders with them wait for an answer."
            )
        return tuple(notes)

    def _note_unknown_status(self, status: str) -> None:
        name = status[:MAX_STATUS_LENGTH]
        if name not in self._state.load().get(UNKNOWN_STATUSES, {}):
            self._state.save({UNKNOWN_STATUSES: {name: True}})
