"""CJ Dropshipping, API version 2."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from catalog.records import BadRow
from storefront.lib.address import Address
from suppliers.adapters.base import (
    CostRecord,
    FreightOption,
    ListRow,
    Pace,
    ProductPage,
    PurchaseRequest,
    PurchaseState,
    RequestLine,
    StockRecord,
    TokenStore,
)
from suppliers.adapters.cj import orders, pages, stocks, variants
from suppliers.adapters.cj.shapes import ProductStock
from suppliers.adapters.cj.wire import Wire


class CJ:
    """A supplier whose SKU is CJ's ``vid``, and whose location is a country."""

    def __init__(self, *, base_url: str, api_key: str, tokens: TokenStore, pace: Pace) -> None:
        self._wire = Wire(base_url=base_url, api_key=api_key, tokens=tokens, pace=pace)

    def close(self) -> None:
        self._wire.close()

    def product_rows(self) -> Iterator[ListRow | BadRow]:
        return pages.product_rows(self._wire)

    def product(self, *, ref: str) -> ProductPage:
        return pages.product(self._wire, ref)

    def stock(self, *, ref: str) -> tuple[StockRecord | BadRow, ...]:
        told = self._wire.patiently("product/stock/getInventoryByPid", ProductStock, pid=ref)
        return stocks.of_variants(told.variant_inventories or ())

    def costs(self, *, ref: str) -> tuple[CostRecord | BadRow, ...]:
        offered = self._wire.patiently("product/variant/query", list[Any], pid=ref)
        return tuple(variants.costs(ref, offered))

    def freight(
        self, *, country_from: str, ship_to: Address, lines: tuple[RequestLine, ...]
    ) -> tuple[FreightOption, ...]:
        return orders.freight(self._wire, country_from=country_from, ship_to=ship_to, lines=lines)

    def place(self, request: PurchaseRequest) -> PurchaseState:
        return orders.place(self._wire, request)

    def find(self, *, number: str) -> PurchaseState | None:
        return orders.find(self._wire, number)

    def cancel(self, *, number: str) -> PurchaseState:
        return orders.cancel(self._wire, number)
