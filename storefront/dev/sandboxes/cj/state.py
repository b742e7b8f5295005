"""CJ state: hold catalog, ledger, stock, faults and rules, count API usage, format timestamps.

The API writes times in several formats: UTC without saying so, and Beijing time.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from storefront.dev.sandboxes.core.faults import Faults
from storefront.dev.sandboxes.core.ledger import Ledger
from storefront.dev.sandboxes.goods.catalog import Catalog
from storefront.dev.sandboxes.goods.model import Product, Variant

from .stock import Pile, Shelves

BEIJING = timezone(timedelta(hours=8))


def stamp(unix_s: float | None) -> str | None:
    """Write a moment as order pages do: UTC, without saying so."""
    if unix_s is None:
        return None
    return datetime.fromtimestamp(unix_s, UTC).strftime("%Y-%m-%d %H:%M:%S")


def iso(unix_s: float) -> str:
    """Write a moment as the authentication pages do, in Beijing's time."""
    return datetime.fromtimestamp(unix_s, BEIJING).isoformat(timespec="seconds")


# API usage


class Usage:
    """Counts the calls of the dialect by path; forgotten when the sandbox stops."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: Counter[str] = Counter()
        self._points = 0

    def count(self, path: str, *, points: int) -> None:
        with self._lock:
            self._calls[path] += 1
            self._points += points

    def told(self) -> dict[str, Any]:
        with self._lock:
            return {
                "calls": self._calls.total(),
                "points": self._points,
                "by_path": dict(self._calls.most_common()),
            }

    def clear(self) -> None:
        with self._lock:
            self._calls.clear()
            self._points = 0


# State

DEFAULT_KEY = "CJ1000001@api@0123456789abcdef0123456789abcdef"
DAY_S = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How strict the supplier is, and how fast.

    Units:  calls a second, points a day (0: no limit); seconds otherwise
    """

    api_key: str = DEFAULT_KEY
    qps: int = 100
    points: int = 0
    token_life_s: float = 15 * DAY_S
    refresh_life_s: float = 180 * DAY_S
    pace_s: float = 0
    stock_leaves: str = "order"  # or "shipment", or "never"
    stock_lag_s: float = 0  # figures are told as they were so long ago
    webhook_url: str = ""
    webhook_retry_s: float = 5
    balance_usd: str = "100000.00"
    most_listed: int = 6_000  # the search engine behind the list shows no more
    subscriptions: int = 1_000  # of so many products messages are sent
    needs_subscription: bool = False  # the others' messages are not sent
    tries_callbacks: bool = False  # a callback URL has to answer before it is taken


@dataclass(slots=True, kw_only=True)
class World:
    """One sandbox: its catalog, ledger, shelves, faults and rules."""

    folder: Path
    base_url: str
    rules: Rules
    catalog: Catalog
    ledger: Ledger
    shelves: Shelves
    faults: Faults
    clock: Callable[[], float]
    found: dict[tuple[str, ...], list[int]] = field(default_factory=dict)
    filed: dict[str, list[int]] = field(default_factory=dict)  # places, by category
    off_shelf: set[str] = field(default_factory=set)
    stopping: threading.Event = field(default_factory=threading.Event)
    mail_waits: threading.Event = field(default_factory=threading.Event)
    usage: Usage = field(default_factory=Usage)
    ahead_s: float = 0.0  # of the real time

    def now(self) -> float:
        return self.clock() + self.ahead_s

    def go_ahead(self, seconds: float) -> float:
        """Let time have passed: tokens grow old, points come back, orders move."""
        with self.ledger.writing():
            self.ahead_s += seconds
            self.ledger.set_fact("ahead_s", self.ahead_s)
        return self.ahead_s

    @property
    def open_id(self) -> int:
        """The account's number: the digits of the API key, and the key of the signatures."""
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

    def told(self, product: Product, variant: Variant, *, country: str) -> Pile:
        """Return the figure that is told outside."""
        return self.shelves.told(product, variant, country=country, lag_s=self.stock_lag_s)

    @property
    def visible(self) -> int:
        """How many products the list shows: fewer than there are when the feed lost some."""
        kept = 1 - float(self.ledger.fact("dropped_share", 0))
        return round(len(self.catalog) * kept)


def open_world(  # noqa: PLR0913 what the command line says
    *,
    folder: Path,
    base_url: str,
    count: int,
    seed: int,
    rules: Rules,
    now: Callable[[], float] = time.time,
) -> World:
    ledger = Ledger(folder)
    catalog = Catalog(count, seed)
    world = World(
        folder=folder,
        base_url=base_url,
        rules=rules,
        catalog=catalog,
        ledger=ledger,
        shelves=Shelves(catalog=catalog, ledger=ledger),
        faults=Faults(),
        clock=now,
        ahead_s=float(ledger.fact("ahead_s", 0)),
        off_shelf=set(ledger.fact("off_shelf", [])),
    )
    world.shelves.now = world.now
    return world
