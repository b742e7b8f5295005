"""CJ stock: generate the initial stock of three warehouses, record stock and price changes."""

from dataclasses import dataclass
from decimal import Decimal

from storefront.dev.sandboxes.core.ledger import Ledger
from storefront.dev.sandboxes.goods.catalog import Catalog
from storefront.dev.sandboxes.goods.model import Product, Variant
from storefront.dev.sandboxes.goods.randomness import RandomDraws


@dataclass(frozen=True, slots=True, kw_only=True)
class StockLevel:
    """The stock of one variant in one warehouse, and what the manufacturer still has."""

    ready: int
    at_factory: int = 0

    @property
    def total(self) -> int:
        return self.ready + self.at_factory


# The warehouse of each country.
WAREHOUSES = {
    "CN": "{201E67F6-5F4E-4F73-9B5D-3B9B2C5A1001}",
    "DE": "{201E67F6-5F4E-4F73-9B5D-3B9B2C5A1002}",
    "US": "{201E67F6-5F4E-4F73-9B5D-3B9B2C5A1003}",
}
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
        return StockLevel(ready=NEGATIVE)
    if draws.chance(0.06):
        return StockLevel(ready=0)
    if country == "CN":
        return StockLevel(ready=draws.whole(20, 900), at_factory=draws.pick((0, 0, 500, 2000)))
    return StockLevel(ready=draws.whole(3, 140))


# Current stock and prices


class InsufficientStockError(Exception):
    """There is less than requested. Nothing was taken."""


class StockStore:
    """Initial stock and prices, with the changes since.

    Locks:  the ledger, for every change
    """

    def __init__(self, *, catalog: Catalog, ledger: Ledger) -> None:
        self.catalog, self._ledger = catalog, ledger
        self._levels: dict[tuple[str, str], StockLevel] = {}
        self._prices: dict[str, Decimal] = {}
        self.reload()
        ledger.after_rollback.append(self.reload)

    def reload(self) -> None:
        with self._ledger.writing():
            self._levels = {
                (row.pop("vid"), row.pop("country")): StockLevel(**row)
                for row in self._ledger.rows("SELECT * FROM stock")
            }
            self._prices = {
                row["vid"]: Decimal(row["price"])
                for row in self._ledger.rows("SELECT * FROM prices")
            }

    def countries(self, product: Product) -> tuple[str, ...]:
        return countries(product, seed=self.catalog.seed)

    def level(self, product: Product, variant: Variant, *, country: str) -> StockLevel:
        kept = self._levels.get((variant.vid, country))
        if kept is not None:
            return kept
        if country not in self.countries(product):
            return StockLevel(ready=0)
        return initial_level(product, variant, country=country, seed=self.catalog.seed)

    def price(self, variant: Variant) -> Decimal:
        return self._prices.get(variant.vid, variant.price)

    def take(self, vid: str, *, country: str, quantity: int) -> None:
        """Take units that are ready, then units of the manufacturer; a negative number returns them.

        Raises: InsufficientStockError  both together are too few
        """
        found = self.catalog.variant(vid)
        if found is None:
            raise InsufficientStockError(vid)
        with self._ledger.writing():
            level = self.level(*found, country=country)
            if level.total < quantity or level.ready < 0:
                raise InsufficientStockError(vid)
            at_once = min(level.ready, quantity)
            left = StockLevel(
                ready=level.ready - at_once, at_factory=level.at_factory - (quantity - at_once)
            )
            self.put(vid, country=country, level=left)

    def put(self, vid: str, *, country: str, level: StockLevel) -> None:
        with self._ledger.writing():
            self._ledger.run(
                "INSERT OR REPLACE INTO stock VALUES (?, ?, ?, ?)",
                *(vid, country, level.ready, level.at_factory),
            )
            self._levels[vid, country] = level

    def set_price(self, vid: str, price: Decimal) -> None:
        with self._ledger.writing():
            self._ledger.run("INSERT OR REPLACE INTO prices VALUES (?, ?)", vid, str(price))
            self._prices[vid] = price
