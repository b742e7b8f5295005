"""Benchmark connectors: connect a sandbox of each supplier protocol, change data, count calls."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

from django.utils import timezone

from storefront.dev.bench.harness.suppliers import connect
from storefront.dev.sandboxes.bigbuy.state import DEFAULT_KEY as BIGBUY_KEY
from storefront.dev.sandboxes.cj.state import DAY_S
from storefront.dev.sandboxes.cj.state import DEFAULT_KEY as CJ_KEY
from storefront.dev.sandboxes.feeds import mapping
from storefront.dev.sandboxes.feeds.state import WAREHOUSES
from storefront.lib.http.client import ApiClient
from suppliers.connections import file_sources
from suppliers.models import FileContent, Supplier

CJ_PAGE, BIGBUY_PAGE = 100, 10_000
LIST_POINTS, PAGE_POINTS = 50, 10
POINTS_A_DAY = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much a supplier lists.

    Shape: ``changed`` and ``turns`` are products. ``turns`` are read again although their list
    reports no change, because it does not report all changes.
    """

    products: int
    variations: int  # SKUs of products that have several
    changed: int = 0
    turns: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Calls and points: those made, or the fewest that suffice.

    Shape: ``lists`` is the part of ``calls`` that read list pages; counted for CJ only.
    """

    calls: int
    points: int = 0
    lists: int = 0

    def since(self, before: "Asked") -> "Asked":
        return Asked(
            calls=self.calls - before.calls,
            points=self.points - before.points,
            lists=self.lists - before.lists,
        )


class CJSeller:
    """CJ: list pages of 100, one call for each product, a limit of points per day."""

    name: ClassVar = "CJ"
    module: ClassVar = "storefront.dev.sandboxes.cj"
    words: ClassVar = ("--qps", "0", "--points", str(POINTS_A_DAY))

    def connect(self, url: str) -> Supplier:
        return connect(
            "cj-asked", "cj", f"{url}/api2.0/v1/", currency="USD",
            secrets={"api_key": CJ_KEY}, options={},
        )  # fmt: skip

    def counted(self, control: ApiClient) -> Asked:
        usage = control.get("/control/usage")
        lists = usage["by_path"].get("product/listV2", 0)
        return Asked(calls=usage["calls"], points=usage["points"], lists=lists)

    def next_window(self, control: ApiClient) -> None:
        control.post("/control/clock", {"seconds": DAY_S})

    def change(
        self, control: ApiClient, sku: str, *, price: Decimal, place: str, units: int
    ) -> None:
        word: dict[str, Any] = {"vid": sku, "silent": True}
        control.post("/control/price", {**word, "price": str(price)})
        control.post("/control/stock", {**word, "warehouse": place, "quantity": units})

    def least(self, size: Size, *, is_first: bool) -> Asked:
        """Count the list pages, and one call for each product that is new, changed or in turn."""
        pages = -(-size.products // CJ_PAGE)
        single = size.products if is_first else size.changed + size.turns
        points = pages * LIST_POINTS + single * PAGE_POINTS
        return Asked(calls=pages + single, points=points, lists=pages)


class BigBuySeller:
    """BigBuy: list pages of 10,000 rows; each list may be read a few times an hour."""

    name: ClassVar = "BigBuy"
    module: ClassVar = "storefront.dev.sandboxes.bigbuy"
    words: ClassVar = ("--second", "0", "--stocked", "1")

    def connect(self, url: str) -> Supplier:
        options = {"taxonomies": [19657], "email": "a@shop.example", "phone": "+34910000000"}
        return connect(
            "bigbuy-asked", "bigbuy", f"{url}/rest/", currency="EUR",
            secrets={"api_key": BIGBUY_KEY}, options=options,
        )  # fmt: skip

    def counted(self, control: ApiClient) -> Asked:
        return Asked(calls=sum(control.get("/control/calls")["served"].values()))

    def next_window(self, control: ApiClient) -> None:
        control.post("/control/clock", {})

    def change(
        self, control: ApiClient, sku: str, *, price: Decimal, place: str, units: int
    ) -> None:
        control.post("/control/price", {"sku": sku, "price": str(price)})
        control.post("/control/stock", {"sku": sku, "warehouse": place, "quantity": units})

    def least(self, size: Size, *, is_first: bool) -> Asked:
        """Count the pages of products, costs and stock; at first, those of texts and images too."""
        products = -(-size.products // BIGBUY_PAGE)
        variations = -(-size.variations // BIGBUY_PAGE)
        if is_first:
            return Asked(calls=5 * products + 4 * variations + 4)
        # A product and its variations have one date of change: after it, all are read again.
        return Asked(calls=3 * products + (3 if size.changed else 2) * variations)


class FeedSeller:
    """Two files: one with products; one with stock and costs, which two jobs read."""

    name: ClassVar = "feed"
    module: ClassVar = "storefront.dev.sandboxes.feeds"
    words: ClassVar = ()

    def connect(self, url: str) -> Supplier:
        options = {"products_at": "/full.csv", "prices_at": "/stock.csv", "stock_at": "/stock.csv"}
        supplier = connect(
            "feed-asked", "feed", f"{url}/", currency="EUR", secrets={}, options=options
        )
        for content, spec in (
            (FileContent.PRODUCTS, mapping.TABLE),
            (FileContent.PRICES, mapping.STOCK),
            (FileContent.STOCK, mapping.STOCK),
        ):
            file_sources.save_mapping(
                supplier=supplier, content=content, spec=spec, actor="bench", now=timezone.now()
            )
        return supplier

    def counted(self, control: ApiClient) -> Asked:
        return Asked(calls=control.get("/control/usage")["calls"])

    def next_window(self, control: ApiClient) -> None:
        """Do nothing: there is no limit."""

    def change(
        self, control: ApiClient, sku: str, *, price: Decimal, place: str, units: int
    ) -> None:
        control.post("/control/price", {"sku": sku, "price": str(price)})
        del place  # the sandbox empties a warehouse that is not named, so all are named
        control.post("/control/stock", {"sku": sku, **dict.fromkeys(WAREHOUSES, units)})

    def least(self, size: Size, *, is_first: bool) -> Asked:
        del size, is_first
        return Asked(calls=2)


type Seller = CJSeller | BigBuySeller | FeedSeller
SELLERS: Sequence[Seller] = (CJSeller(), BigBuySeller(), FeedSeller())
