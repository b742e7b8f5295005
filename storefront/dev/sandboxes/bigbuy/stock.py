"""BigBuy stock: hold stock, price and name of each SKU, record changes in the ledger."""

import json
from dataclasses import asdict, dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from storefront.dev.sandboxes.bigbuy.goods import Goods, Item
from storefront.dev.sandboxes.core.ledger import Ledger
from storefront.dev.sandboxes.goods.randomness import RandomDraws

MAIN, FAR = 1, 2  # warehouses
EUR_PER_USD = 0.92
AVAILABLE_SHARE = 0.97  # of the stocked products
NEGATIVE = -5


@dataclass(frozen=True, slots=True, kw_only=True)
class StockLevel:
    """The stock of one SKU in one warehouse: ready within a day, and within a week."""

    warehouse: int
    soon: int
    later: int


class InsufficientStockError(Exception):
    """There is less than requested. Nothing was taken."""


class StockStore:
    """Stock, prices and names; changes since the reset are in the ledger.

    Locks:  the ledger, for every change
    """

    def __init__(self, *, goods: Goods, ledger: Ledger, stocked: float) -> None:
        self._goods, self._ledger, self._stocked = goods, ledger, stocked
        self._changed: dict[tuple[str, str], Any] = {}
        self._dates: dict[tuple[str, str], float] = {}
        self.reload()
        ledger.after_rollback.append(self.reload)

    def reload(self) -> None:
        rows = self._ledger.rows("SELECT * FROM changes")
        self._changed = {(row["sku"], row["what"]): json.loads(row["value"]) for row in rows}
        self._dates = {(row["sku"], row["what"]): row["at_s"] for row in rows}

    def changed_s(self, sku: str, what: str) -> float:
        """Return when a value of a SKU was last changed; 0 for never."""
        return self._dates.get((sku, what), 0.0)

    def put(self, sku: str, what: str, value: Any, *, at_s: float) -> None:
        with self._ledger.writing():
            self._ledger.run(
                "INSERT OR REPLACE INTO changes VALUES (?, ?, ?, ?)",
                *(sku, what, json.dumps(value), at_s),
            )
            self._changed[sku, what] = value
            self._dates[sku, what] = at_s

    def name(self, sku: str) -> str:
        return str(self._changed.get((sku, "name"), ""))

    def is_active(self, sku: str) -> bool:
        return bool(self._changed.get((sku, "active"), True))

    def price(self, item: Item) -> Decimal | None:
        """Return the price in euros: BigBuy's own, different from CJ's in dollars."""
        if item.product.flaw == "missing_price":
            return None
        if (item.sku, "price") in self._changed:
            return Decimal(self._changed[item.sku, "price"])
        draws = RandomDraws(self._goods.seed, "bigbuy price", item.product.subject)
        factor = Decimal(str(EUR_PER_USD * (0.9 + 0.25 * draws.share())))
        return (item.variant.price * factor).quantize(Decimal("0.01"), ROUND_HALF_UP)

    def levels(self, item: Item) -> list[StockLevel]:
        changed = self._changed.get((item.sku, "levels"))
        if changed is not None:
            return [StockLevel(**level) for level in changed]
        draws = RandomDraws(
            self._goods.seed, "bigbuy stock", item.product.subject, item.variant.place
        )
        if item.product.flaw == "negative_stock":
            return [StockLevel(warehouse=MAIN, soon=NEGATIVE, later=0)]
        if not RandomDraws(self._goods.seed, "bigbuy shelf", item.product.subject).chance(
            self._stocked
        ):
            return [StockLevel(warehouse=MAIN, soon=0, later=0)]
        soon = draws.whole(2, 180) if draws.chance(AVAILABLE_SHARE) else 0
        levels = [StockLevel(warehouse=MAIN, soon=soon, later=draws.pick((0, 0, 25, 300)))]
        if draws.chance(0.15):
            levels.append(StockLevel(warehouse=FAR, soon=draws.whole(1, 40), later=0))
        return levels

    def put_levels(self, sku: str, levels: list[StockLevel], *, at_s: float) -> None:
        self.put(sku, "levels", [asdict(level) for level in levels], at_s=at_s)

    def move(self, item: Item, *, warehouse: int, quantity: int, at_s: float) -> None:
        """Take units from one warehouse; a negative quantity returns them.

        Raises: InsufficientStockError
        """
        with self._ledger.writing():
            levels = self.levels(item)
            here = next((level for level in levels if level.warehouse == warehouse), None)
            if here is None or here.soon + here.later < quantity:
                raise InsufficientStockError(item.sku)
            at_once = min(here.soon, quantity)
            left = StockLevel(
                warehouse=warehouse,
                soon=here.soon - at_once,
                later=here.later - (quantity - at_once),
            )
            kept = [left if level is here else level for level in levels]
            self.put_levels(item.sku, kept, at_s=at_s)
