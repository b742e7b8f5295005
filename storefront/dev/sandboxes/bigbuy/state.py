"""BigBuy state: hold products, ledger, stock, faults and rules, count calls against rate limits.

Each endpoint allows a number of calls per window. A window opens with its first call.
"""

import threading
from dataclasses import dataclass
from pathlib import Path

from storefront.dev.sandboxes.bigbuy.goods import Goods
from storefront.dev.sandboxes.bigbuy.stock import StockStore
from storefront.dev.sandboxes.core.faults import REQUEST_KINDS, Faults
from storefront.dev.sandboxes.core.ledger import Ledger
from storefront.dev.sandboxes.supplier import BaseRules, SupplierState

HOURLY = {
    "products": 10, "productprices": 10, "productvariationprices": 10,
    "productsstockbyhandlingdays": 10, "productsvariationsstockbyhandlingdays": 10,
    "productsimages": 10, "productsvariations": 10, "variations": 10,
    "productsinformation": 24, "taxonomies": 24, "attributes": 24, "attributegroups": 24,
    "manufacturers": 5,
}  # fmt: skip


@dataclass(slots=True)
class Window:
    ends_s: float
    used: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimitStatus:
    """The rate limit of an endpoint after a call."""

    limit: int
    remaining: int
    reset_s: float
    is_over: bool


class Limits:
    """Counts the calls of the account, in memory.

    Units:  an hour lasts ``hour_s``, and a second ``second_s``; 0 removes the limit
    """

    def __init__(self, *, hour_s: float, second_s: float) -> None:
        self.hour_s, self.second_s = hour_s, second_s
        self._lock = threading.Lock()
        self._windows: dict[str, Window] = {}

    def count(self, endpoint: str, *, now_s: float) -> RateLimitStatus | None:
        """Count a call; return the rate limit, None without one."""
        points, length_s = self._rule(endpoint)
        if not length_s:
            return None
        with self._lock:
            window = self._windows.get(endpoint)
            if window is None or window.ends_s <= now_s:
                window = self._windows[endpoint] = Window(ends_s=now_s + length_s)
            is_over = window.used >= points
            window.used += not is_over
            return RateLimitStatus(
                limit=points,
                remaining=points - window.used,
                reset_s=window.ends_s,
                is_over=is_over,
            )

    def _rule(self, endpoint: str) -> tuple[int, float]:
        if endpoint in HOURLY:
            return HOURLY[endpoint], self.hour_s
        return 1, self.second_s

    def forget(self) -> None:
        with self._lock:
            self._windows.clear()


# State

DEFAULT_KEY = "bb-sandbox-0123456789abcdef"
HOUR_S = 3600.0
FIRST_ORDER = 119_000_001
# Additional faults: ``soft_409`` is an error with HTTP status 200, ``swapped`` an error with code
# and message swapped, ``half_list`` a list without half of its rows.
FAULT_KINDS = (REQUEST_KINDS - {"token_expired", "wrong_currency"}) | {
    "soft_409",
    "swapped",
    "half_list",
}
SCHEMA = """
CREATE TABLE IF NOT EXISTS orders (
    id INTEGER PRIMARY KEY, reference TEXT NOT NULL UNIQUE, status TEXT NOT NULL,
    lines TEXT NOT NULL, carrier TEXT NOT NULL, goods TEXT NOT NULL, shipping TEXT NOT NULL,
    tracking TEXT NOT NULL DEFAULT '', created_s REAL NOT NULL, moved_s REAL NOT NULL,
    fault TEXT NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS attempts (
    id INTEGER PRIMARY KEY, at_s REAL NOT NULL, reference TEXT NOT NULL, code TEXT NOT NULL,
    fault TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS changes (
    sku TEXT NOT NULL, what TEXT NOT NULL, value TEXT NOT NULL, at_s REAL NOT NULL,
    PRIMARY KEY (sku, what));
CREATE TABLE IF NOT EXISTS calls (
    endpoint TEXT PRIMARY KEY, served INTEGER NOT NULL, refused INTEGER NOT NULL);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules(BaseRules):
    """Limits and speed of the supplier.

    Units:  ``hour_s`` is how long an hour of the hourly limits lasts, ``second_s`` a second of the
            others; 0 removes these limits; ``stocked`` is the share of products in stock
    """

    api_key: str = DEFAULT_KEY
    hour_s: float = HOUR_S
    second_s: float = 1.0
    stocked: float = 0.95
    purse_eur: str = "100000.00"


class SandboxState(SupplierState[Rules]):
    """One sandbox: its products, ledger, stock, faults, limits and rules."""

    def __init__(self, *, folder: Path, base_url: str, count: int, seed: int, rules: Rules) -> None:
        super().__init__(
            base_url=base_url,
            rules=rules,
            ledger=Ledger(folder, SCHEMA),
            faults=Faults(FAULT_KINDS),
        )
        self.goods = Goods(count, seed)
        self.stock_store = StockStore(goods=self.goods, ledger=self.ledger, stocked=rules.stocked)
        self.limits = Limits(hour_s=rules.hour_s, second_s=rules.second_s)
