"""CJ state: hold catalog, ledger, stock, faults and rules, format timestamps.

The API uses several time formats: UTC without a zone, and Beijing time.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from storefront.dev.sandboxes.core.faults import Faults
from storefront.dev.sandboxes.core.ledger import Ledger, Usage
from storefront.dev.sandboxes.goods.catalog import Catalog
from storefront.dev.sandboxes.goods.model import Product, Variant

from .stock import StockLevel, StockStore

BEIJING = timezone(timedelta(hours=8))


def stamp(unix_s: float | None) -> str | None:
    """Format a time as in orders: UTC, without a zone."""
    if unix_s is None:
        return None
    return datetime.fromtimestamp(unix_s, UTC).strftime("%Y-%m-%d %H:%M:%S")


def iso(unix_s: float) -> str:
    """Format a time as in authentication, in Beijing time."""
    return datetime.fromtimestamp(unix_s, BEIJING).isoformat(timespec="seconds")


DEFAULT_KEY = "CJ1000001@api@0123456789abcdef0123456789abcdef"
DAY_S = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Limits and speed of the supplier.

    Units:  calls a second, points a day (0: no limit); seconds otherwise
    """

    api_key: str = DEFAULT_KEY
    qps: int = 100
    points: int = 0
    token_life_s: float = 15 * DAY_S
    refresh_life_s: float = 180 * DAY_S
    pace_s: float = 0
    stock_leaves: str = "order"  # or "shipment", or "never"
    stock_lag_s: float = 0  # the API reports stock as it was then
    webhook_url: str = ""
    webhook_retry_s: float = 5
    balance_usd: str = "100000.00"
    most_listed: int = 6_000  # the search engine behind the list returns no more
    subscriptions: int = 1_000  # maximum number of products
    needs_subscription: bool = False  # no webhooks of other products
    tries_callbacks: bool = False  # a callback URL is tested before it is accepted


@dataclass(slots=True, kw_only=True)
class SandboxState:
    """One sandbox: its catalog, ledger, stock, faults and rules."""

    folder: Path
    base_url: str
    rules: Rules
    catalog: Catalog
    ledger: Ledger
    stock_store: StockStore
    faults: Faults
    clock: Callable[[], float]
    found: dict[tuple[str, ...], list[int]] = field(default_factory=dict)
    filed: dict[str, list[int]] = field(default_factory=dict)  # positions by category
    off_shelf: set[str] = field(default_factory=set)
    stopping: threading.Event = field(default_factory=threading.Event)
    mail_waits: threading.Event = field(default_factory=threading.Event)
    usage: Usage = field(default_factory=Usage)
    ahead_s: float = 0.0  # shift from the real time

    def now(self) -> float:
        return self.clock() + self.ahead_s

    def advance_clock(self, seconds: float) -> float:
        """Advance the clock: tokens expire, points return, orders move."""
        with self.ledger.writing():
            self.ahead_s += seconds
            self.ledger.set_fact("ahead_s", self.ahead_s)
        return self.ahead_s

    @property
    def open_id(self) -> int:
        """The account number, from the digits of the API key; webhooks are signed with it."""
        digits = "".join(letter for letter in self.rules.api_key.split("@")[0] if letter.isdigit())
        return int(digits or "1000001")

    @property
    def pace_s(self) -> float:
        return float(self.ledger.fact("pace_s", self.rules.pace_s))

    @property
    def stock_leaves(self) -> str:
        return str(self.ledger.fact("stock_leaves", self.rules.stock_leaves))

    @property
    def stock_lag_s(self) -> float:
        return float(self.ledger.fact("stock_lag_s", self.rules.stock_lag_s))

    def told(self, product: Product, variant: Variant, *, country: str) -> StockLevel:
        """Return the stock that the API reports."""
        return self.stock_store.told(product, variant, country=country, lag_s=self.stock_lag_s)

    @property
    def visible(self) -> int:
        """The number of listed products; fewer than all after ``drop_catalog``."""
        kept = 1 - float(self.ledger.fact("dropped_share", 0))
        return round(len(self.catalog) * kept)


def open_state(  # noqa: PLR0913 - the command line options
    *,
    folder: Path,
    base_url: str,
    count: int,
    seed: int,
    rules: Rules,
    now: Callable[[], float] = time.time,
) -> SandboxState:
    ledger = Ledger(folder)
    catalog = Catalog(count, seed)
    state = SandboxState(
        folder=folder,
        base_url=base_url,
        rules=rules,
        catalog=catalog,
        ledger=ledger,
        stock_store=StockStore(catalog=catalog, ledger=ledger),
        faults=Faults(),
        clock=now,
        ahead_s=float(ledger.fact("ahead_s", 0)),
        off_shelf=set(ledger.fact("off_shelf", [])),
    )
    state.stock_store.now = state.now
    return state
