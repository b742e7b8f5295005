"""CJ Dropshipping, API version 2."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import msgspec

from catalog.records import BadRow
from storefront.lib.address import Address
from suppliers.adapters.base import (
    CostRecord,
    FreightOption,
    ListRow,
    ProductPage,
    PurchaseRequest,
    PurchaseState,
    RequestLine,
    StockRecord,
)
from suppliers.adapters.cj import orders, pages, stocks, variants
from suppliers.adapters.cj.shapes import ProductStock
from suppliers.adapters.cj.wire import Wire
from suppliers.adapters.line import Line, Quota, Secret


class Options(msgspec.Struct, forbid_unknown_fields=True):
    """What staff may set for a connection to CJ."""


class CJ:
    """A supplier whose SKU is CJ's ``vid``, and whose location is a country."""

    TITLE: ClassVar = "CJ Dropshipping"
    SECRETS: ClassVar = (Secret(name="api_key", label="API key"),)
    OPTIONS: ClassVar = Options
    QUOTAS: ClassVar[tuple[Quota, ...]] = ()

    def __init__(self, line: Line) -> None:
        self._wire = Wire(line)

    def sign_in(self) -> str:
        return self._wire.sign_in()

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
