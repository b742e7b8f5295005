"""CJ stock: generate the initial stock of three warehouses, record stock and price changes."""

import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from storefront.dev.sandboxes.core.ledger import Ledger
from storefront.dev.sandboxes.goods.catalog import Catalog
from storefront.dev.sandboxes.goods.model import Product, Variant
from storefront.dev.sandboxes.goods.randomness import RandomDraws


@dataclass(frozen=True, slots=True, kw_only=True)
class Warehouse:
    area_id: str
    stock_id: str
    name: str
    name_cn: str
    country: str
    country_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StockLevel:
    """The stock of one variant in one warehouse, and what the manufacturer still has."""

    ready: int
    at_factory: int

    @property
    def total(self) -> int:
        return self.ready + self.at_factory


WAREHOUSES = (
    Warehouse(
        area_id="1",
        stock_id="{201E67F6-5F4E-4F73-9B5D-3B9B2C5A1001}",
        name="China Warehouse",
        name_cn="中国仓",
        country="CN",
        country_name="China",
    ),
    Warehouse(
        area_id="2",
        stock_id="{201E67F6-5F4E-4F73-9B5D-3B9B2C5A1002}",
        name="Germany Warehouse",
        name_cn="德国仓",
        country="DE",
        country_name="Germany",
    ),
    Warehouse(
        area_id="3",
        stock_id="{201E67F6-5F4E-4F73-9B5D-3B9B2C5A1003}",
        name="US Warehouse",
        name_cn="美国仓",
        country="US",
        country_name="United States of America",
    ),
)
BY_COUNTRY = {area.country: area for area in WAREHOUSES}
NEGATIVE = -5


def countries(product: Product, *, seed: int) -> tuple[str, ...]:
    """Return the countries with stock of a product: mostly China, often Germany too."""
    lot = RandomDraws(seed, "areas", product.subject).share()
    if lot < 0.08:  # noqa: PLR2004 shares of the whole
        return ("DE",)
    if lot < 0.35:  # noqa: PLR2004
        return ("CN",)
    if lot < 0.65:  # noqa: PLR2004
        return ("CN", "DE")
    return ("CN", "DE", "US") if lot < 0.9 else ("CN", "US")  # noqa: PLR2004


def initial_level(product: Product, variant: Variant, *, country: str, seed: int) -> StockLevel:
    draws = RandomDraws(seed, "stock", product.subject, variant.place, country)
    if product.flaw == "negative_stock":
        return StockLevel(ready=NEGATIVE, at_factory=0)
    if draws.chance(0.06):
        return StockLevel(ready=0, at_factory=0)
    if country == "CN":
        return StockLevel(ready=draws.whole(20, 900), at_factory=draws.pick((0, 0, 500, 2000)))
    return StockLevel(ready=draws.whole(3, 140), at_factory=0)


# Current stock and prices


class InsufficientStockError(Exception):
    """There is less than requested. Nothing was taken."""


class StockStore:
    """Initial stock and prices, with the changes since.

    ``now`` is the sandbox's clock; former stock is kept, for reports that lag.

    Locks:  the ledger, for every change
    """

    def __init__(self, *, catalog: Catalog, ledger: Ledger) -> None:
        self.catalog, self._ledger = catalog, ledger
        self.now: Callable[[], float] = time.time
        self._piles: dict[tuple[str, str], StockLevel] = {}
        self._were: dict[tuple[str, str], list[tuple[float, StockLevel]]] = defaultdict(list)
        self._prices: dict[str, Decimal] = {}
        self.reload()
        ledger.after_rollback.append(self.reload)

    def reload(self) -> None:
        with self._ledger.writing():
            self._piles = {
                (row["vid"], row["country"]): StockLevel(
                    ready=row["ready"], at_factory=row["at_factory"]
                )
                for row in self._ledger.rows("SELECT * FROM stock")
            }
            self._were.clear()
            for row in self._ledger.rows("SELECT * FROM stock_was ORDER BY until_s"):
                level = StockLevel(ready=row["ready"], at_factory=row["at_factory"])
                self._were[row["vid"], row["country"]].append((row["until_s"], level))
            self._prices = {
                row["vid"]: Decimal(row["price"])
                for row in self._ledger.rows("SELECT * FROM prices")
            }

    def countries(self, product: Product) -> tuple[str, ...]:
        return countries(product, seed=self.catalog.seed)

    def level(self, product: Product, variant: Variant, *, country: str) -> StockLevel:
        kept = self._piles.get((variant.vid, country))
        if kept is not None:
            return kept
        if country not in self.countries(product):
            return StockLevel(ready=0, at_factory=0)
        return initial_level(product, variant, country=country, seed=self.catalog.seed)

    def told(self, product: Product, variant: Variant, *, country: str, lag_s: float) -> StockLevel:
        """Return the stock as it was ``lag_s`` ago."""
        then_s = self.now() - lag_s
        were = self._were.get((variant.vid, country), ()) if lag_s else ()
        late = (level for until_s, level in were if until_s > then_s)
        return next(late, None) or self.level(product, variant, country=country)

    def price(self, variant: Variant) -> Decimal:
        return self._prices.get(variant.vid, variant.price)

    def take(self, product: Product, variant: Variant, *, country: str, quantity: int) -> None:
        """Take units that are ready, then units of the manufacturer.

        Raises: SoldOutError  both together are too few
        """
        with self._ledger.writing():
            level = self.level(product, variant, country=country)
            if level.total < quantity or level.ready < 0:
                raise InsufficientStockError(variant.vid)
            at_once = min(level.ready, quantity)
            self.put(
                variant.vid,
                country=country,
                level=StockLevel(
                    ready=level.ready - at_once,
                    at_factory=level.at_factory - (quantity - at_once),
                ),
            )

    def give_back(self, product: Product, variant: Variant, *, country: str, quantity: int) -> None:
        with self._ledger.writing():
            level = self.level(product, variant, country=country)
            level = StockLevel(ready=level.ready + quantity, at_factory=level.at_factory)
            self.put(variant.vid, country=country, level=level)

    def put(self, vid: str, *, country: str, level: StockLevel) -> None:
        product = self.catalog.by_vid(vid)
        with self._ledger.writing():
            if product is not None:
                variant = next(each for each in product.variants if each.vid == vid)
                self._keep(vid, country, self.level(product, variant, country=country))
            self._ledger.run(
                "INSERT OR REPLACE INTO stock VALUES (?, ?, ?, ?)",
                vid,
                country,
                level.ready,
                level.at_factory,
            )
            self._piles[vid, country] = level

    def _keep(self, vid: str, country: str, was: StockLevel) -> None:
        until_s = self.now()
        self._ledger.run(
            "INSERT INTO stock_was VALUES (?, ?, ?, ?, ?)",
            vid,
            country,
            was.ready,
            was.at_factory,
            until_s,
        )
        self._were[vid, country].append((until_s, was))

    def set_price(self, vid: str, price: Decimal) -> None:
        with self._ledger.writing():
            self._ledger.run("INSERT OR REPLACE INTO prices VALUES (?, ?)", vid, str(price))
            self._prices[vid] = price
