"""BigBuy connector: read products, stock and costs, quote, order, track, suggest options.

It uses the REST API. The suggestions name options to set before the first call.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import ClassVar

from catalog.records import BadRow
from storefront.lib.address import Address
from storefront.lib.money import Money
from suppliers.connectors.bigbuy import freight, product_lists, product_pages, stock_and_costs
from suppliers.connectors.bigbuy import orders as bigbuy_orders
from suppliers.connectors.bigbuy.client import Wire
from suppliers.connectors.bigbuy.list_store import Shelf
from suppliers.connectors.bigbuy.options import CURRENCY, QUOTAS, Options
from suppliers.connectors.bigbuy.schemas import Carrier, Status
from suppliers.connectors.context import Line, Quota, Secret
from suppliers.connectors.records import (
    Answer,
    CostRecord,
    FreightOption,
    Omitted,
    OrderName,
    ProductPage,
    PurchaseRequest,
    PurchaseState,
    RequestLine,
    StockRecord,
)


def advice(wire: Wire, options: Options) -> tuple[str, ...]:
    """Compare the options with BigBuy's lists of statuses and carriers.

    Raises: OutsideError
    """
    return tuple(_advice(wire, options))


def _advice(wire: Wire, options: Options) -> Iterator[str]:
    if not options.taxonomies:
        yield "Enter the taxonomies to list: BigBuy may reject product lists without one."
    if not options.email:
        yield "Enter our e-mail address: orders cannot be placed without it."
    statuses = [status.name for status in wire.get("order/orderstatuses", list[Status])]
    if unknown := [name for name in statuses if options.answer(name) is None]:
        names = ", ".join(repr(name) for name in unknown)
        answers = ", ".join(answer.value for answer in Answer)
        yield (
            f"Map these statuses in order_statuses to one of {answers};"
            f" until then they count as accepted: {names}."
        )
    there = {row.name.casefold() for row in wire.get("shipping/carriers", list[Carrier])}
    if strange := sorted({name.casefold() for name in options.carriers} - there):
        shown = [", ".join(each) for each in (strange, sorted(there))]
        yield f"BigBuy does not offer these carriers: {shown[0]}. It offers {shown[1]}."


# The connector


class BigBuy:
    """Connector of BigBuy: locations are warehouses; its lists are complete and few.

    It has no cancellation and no webhooks: those capabilities are absent.
    """

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

    def __init__(self, line: Line) -> None:
        self._options = line.settings(Options)
        self._wire = Wire(line, self._options)
        self._memory = line.memory
        self._opened: Shelf | None = None
        self._listed: tuple[list[BadRow], frozenset[int]] | None = None

    @property
    def _shelf(self) -> Shelf:
        if self._opened is None:
            self._opened = Shelf(self._wire.folder)
        return self._opened

    def sign_in(self) -> str:
        """Check the API key. BigBuy answers without an account name, so the result is empty."""
        self._wire.check("user/auth/status")
        return ""

    def close(self) -> None:
        self._wire.close()
        if self._opened is not None:
            self._opened.close()

    @property
    def omitted_products(self) -> Omitted:
        return Omitted.GONE

    def pages(self) -> Iterator[ProductPage | BadRow]:
        if self._listed is None:
            self._listed = product_lists.fetch(self._wire, self._shelf, self._options, self._memory)
        bad, chosen = self._listed
        yield from bad
        yield from product_pages.pages(self._shelf, chosen)

    @property
    def list_counts(self) -> Mapping[str, int]:
        return {**self._shelf.counts(), **self._wire.list_counts}

    def forget_list(self, name: str) -> None:
        self._shelf.forget(name.partition(" ")[0])

    @property
    def omitted_stock(self) -> Omitted:
        return Omitted.EMPTY

    @property
    def omitted_costs(self) -> Omitted:
        return Omitted.EMPTY

    def stock_rows(self) -> Iterator[tuple[str, tuple[StockRecord | BadRow, ...]]]:
        product_lists.variants_of(self._wire, self._shelf)
        yield from stock_and_costs.stock_rows(self._wire, self._shelf, self._options)

    def cost_rows(self) -> Iterator[tuple[str, tuple[CostRecord | BadRow, ...]]]:
        product_lists.variants_of(self._wire, self._shelf)
        yield from stock_and_costs.cost_rows(self._wire, self._shelf)

    def freight(
        self, *, country_from: str, ship_to: Address, lines: tuple[RequestLine, ...]
    ) -> tuple[FreightOption, ...]:
        del country_from  # the items decide it
        return freight.options(self._wire, self._options, ship_to=ship_to, lines=lines)

    def validate(self, request: PurchaseRequest) -> Money | None:
        return bigbuy_orders.validate(self._wire, self._options, request)

    def place(self, request: PurchaseRequest) -> PurchaseState:
        return bigbuy_orders.place(self._wire, self._options, request)

    def find(self, *, number: str) -> PurchaseState | None:
        return bigbuy_orders.find(self._wire, self._options, number)

    def track(self, orders: Sequence[OrderName]) -> Iterable[PurchaseState]:
        return bigbuy_orders.track(self._wire, self._options, orders)

    def balance(self) -> Money:
        return Money(self._wire.get("user/purse", Decimal), CURRENCY)

    def advice(self) -> tuple[str, ...]:
        return advice(self._wire, self._options)
