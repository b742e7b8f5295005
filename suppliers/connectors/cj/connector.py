"""CJ connector: read products, stock and costs, quote, order, track, claim, receive webhooks.

It uses version 2 of the API of CJ Dropshipping.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar

import msgspec
from django.conf import settings

from catalog.records import BadRow
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
from suppliers.connectors.cj.client import POINTS, Wire
from suppliers.connectors.cj.product_list import KeptList
from suppliers.connectors.cj.schemas import ProductStock
from suppliers.connectors.cj.webhooks import Signature
from suppliers.connectors.context import Line, Quota, Secret
from suppliers.connectors.records import (
    Charge,
    ClaimRequest,
    ClaimState,
    CostRecord,
    FreightOption,
    ListRow,
    OrderName,
    ProductPage,
    PurchaseRequest,
    PurchaseState,
    RequestLine,
    StockRecord,
    SupplierNews,
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
    points_per_day: Annotated[int, msgspec.Meta(ge=1)] = client.POINTS_A_DAY
    signature: Signature = Signature.REQUIRE


class CJ:
    """Connector of CJ: a SKU is CJ's ``vid``, a location is a country."""

    TITLE: ClassVar = "CJ Dropshipping"
    SECRETS: ClassVar = (Secret(name="api_key", label="API key"),)
    OPTIONS: ClassVar = Options
    CALLS: ClassVar = client.CALLS
    QUOTAS: ClassVar[tuple[Quota, ...]] = (POINTS,)
    CURRENCY: ClassVar = product_details.CURRENCY

    def __init__(self, line: Line) -> None:
        self._options: Options = line.settings(Options)
        self._memory = line.memory
        self._minimums: dict[str, int] = {}  # only the list has them
        self._list = KeptList(folder=line.folder, address=line.base_url)
        self._list_since = line.list_since
        self._listed_at: datetime | None = None
        self._wire = Wire(line, points_per_day=self._options.points_per_day)

    @staticmethod
    def calls_per_second(
        *, options: Mapping[str, Any], remembered: Mapping[str, Any]
    ) -> int | None:
        level = options.get("level")
        known = level if isinstance(level, int) and level in client.CALLS_A_SECOND else None
        return client.calls_per_second(level=known, remembered=remembered)

    def sign_in(self) -> str:
        """Return the account's name; store its rate limit."""
        account = self._wire.settings()
        allowed = parsing.whole(account.setting.qps_limit) if account.setting else None
        if allowed is not None and allowed > 0:
            self._memory.keep({"calls_per_second": allowed})
        return account.open_name or parsing.text(account.open_id)

    def close(self) -> None:
        self._wire.close()

    @property
    def listed_at(self) -> datetime | None:
        return self._listed_at

    def product_rows(self) -> Iterator[ListRow | BadRow]:
        for row in self._listed():
            if isinstance(row, ListRow) and row.minimum_quantity:
                self._minimums[row.ref] = row.minimum_quantity
            yield row

    def _listed(self) -> Iterator[ListRow | BadRow]:
        """Read the list, or the copy that another job read since ``list_since``."""
        self._listed_at = None
        if self._list_since is None:
            yield from self._list.keep(product_list.product_rows(self._wire))
            return
        with self._list.turn():
            at = self._list.at()
            if at is None or at < self._list_since:
                yield from self._list.keep(product_list.product_rows(self._wire))
                return
        self._listed_at = at
        self._wire.open()
        yield from self._list.rows()

    def product(self, *, ref: str) -> ProductPage:
        return product_details.product(self._wire, ref, minimum=self._minimums.get(ref))

    def stock(self, *, ref: str) -> tuple[StockRecord | BadRow, ...]:
        told = self._wire.patiently("product/stock/getInventoryByPid", ProductStock, pid=ref)
        return stock.of_product(ref, told.variant_inventories)

    def costs(self, *, ref: str) -> tuple[CostRecord | BadRow, ...]:
        offered = self._wire.patiently("product/variant/query", list[Any], pid=ref)
        return tuple(product_details.costs(ref, offered))

    def freight(
        self, *, country_from: str, ship_to: Address, lines: tuple[RequestLine, ...]
    ) -> tuple[FreightOption, ...]:
        return orders.freight(self._wire, country_from=country_from, ship_to=ship_to, lines=lines)

    def place(self, request: PurchaseRequest) -> PurchaseState:
        return orders.place(self._wire, request, is_staged=self._is_staged)

    def find(self, *, number: str) -> PurchaseState | None:
        return orders.find(self._wire, number)

    def resume(self, *, number: str) -> PurchaseState | None:
        """Continue an order that we pay step by step; CJ completes the others itself."""
        if self._is_staged:
            return orders.resume(self._wire, number)
        return orders.find(self._wire, number)

    @property
    def _is_staged(self) -> bool:
        return self._options.payment is Payment.STAGED

    def cancel(self, *, number: str) -> PurchaseState:
        return orders.cancel(self._wire, number, is_staged=self._is_staged)

    def track(self, orders: Sequence[OrderName]) -> Iterator[PurchaseState]:
        return order_status.track(self._wire, orders)

    @staticmethod
    def genuine_id(
        *,
        headers: Mapping[str, str],
        body: bytes,
        account: str,
        secrets: Mapping[str, str],
        options: Mapping[str, Any],
    ) -> str:
        del secrets  # CJ signs with the account number
        try:
            signature = Signature(options.get("signature", Signature.REQUIRE))
        except ValueError:
            signature = Signature.REQUIRE
        if settings.IS_PRODUCTION:
            signature = Signature.REQUIRE  # without one, anyone could send messages
        return webhooks.genuine_id(headers=headers, body=body, account=account, signature=signature)

    @staticmethod
    def read_news(body: bytes, *, received_at: datetime) -> tuple[SupplierNews, ...]:
        del received_at
        return webhooks.read_news(body)

    def listen(self, *, url: str) -> None:
        webhooks.listen(self._wire, url)

    def most_subscribed(self) -> int:
        return client.MOST_SUBSCRIPTIONS[self._options.level or 0]

    def subscribed(self) -> frozenset[str]:
        return webhooks.subscribed(self._wire)

    def subscribe(self, *, refs: Sequence[str]) -> Sequence[str]:
        return webhooks.subscribe(self._wire, refs)

    def unsubscribe(self, *, refs: Sequence[str]) -> None:
        webhooks.unsubscribe(self._wire, refs)

    def balance(self) -> Money:
        return orders.balance(self._wire)

    def charges(self, *, since: datetime) -> Iterator[Charge]:
        return order_status.charges(self._wire, since=since)

    def open_claim(self, claim: ClaimRequest) -> ClaimState:
        return disputes.open_claim(self._wire, claim)

    def claims(self, *, supplier_reference: str) -> tuple[ClaimState, ...]:
        return disputes.claims(self._wire, supplier_reference)

    def cancel_claim(self, *, supplier_reference: str, supplier_claim: str) -> None:
        disputes.cancel(
            self._wire, supplier_reference=supplier_reference, supplier_claim=supplier_claim
        )
