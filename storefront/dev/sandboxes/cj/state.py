"""CJ state: hold catalog, ledger, stock, faults and rules, format timestamps.

The API uses several time formats: UTC without a zone, and Beijing time.
"""

import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from storefront.dev.sandboxes.core.faults import Faults
from storefront.dev.sandboxes.core.ledger import Ledger, Usage
from storefront.dev.sandboxes.goods.catalog import Catalog
from storefront.dev.sandboxes.supplier import BaseRules, SupplierState

from .stock import StockStore

BEIJING = timezone(timedelta(hours=8))
DEFAULT_KEY = "CJ1000001@api@0123456789abcdef0123456789abcdef"
DAY_S = 86_400
SCHEMA = """
CREATE TABLE IF NOT EXISTS tokens (
    token TEXT PRIMARY KEY, kind TEXT NOT NULL, pair TEXT NOT NULL, created_s REAL NOT NULL,
    expires_s REAL NOT NULL);
CREATE TABLE IF NOT EXISTS orders (
    cj_id TEXT PRIMARY KEY, order_number TEXT NOT NULL UNIQUE, shipment_order_id TEXT NOT NULL,
    status TEXT NOT NULL, request TEXT NOT NULL, lines TEXT NOT NULL, logistic_name TEXT NOT NULL,
    from_country TEXT NOT NULL, product_amount TEXT NOT NULL, postage_amount TEXT NOT NULL,
    pay_id TEXT, track_number TEXT, tracking_url TEXT, created_s REAL NOT NULL, paid_s REAL,
    shipped_s REAL, delivered_s REAL, moved_s REAL NOT NULL);
CREATE TABLE IF NOT EXISTS effects (
    id INTEGER PRIMARY KEY, at_s REAL NOT NULL, kind TEXT NOT NULL, order_number TEXT NOT NULL,
    cj_id TEXT NOT NULL, fault TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS attempts (
    id INTEGER PRIMARY KEY, at_s REAL NOT NULL, order_number TEXT NOT NULL, code INTEGER NOT NULL,
    fault TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS stock (
    vid TEXT NOT NULL, country TEXT NOT NULL, ready INTEGER NOT NULL, at_factory INTEGER NOT NULL,
    PRIMARY KEY (vid, country));
CREATE TABLE IF NOT EXISTS disputes (
    id TEXT PRIMARY KEY, business_id TEXT NOT NULL UNIQUE, cj_id TEXT NOT NULL,
    status TEXT NOT NULL, reason_id TEXT NOT NULL, most TEXT NOT NULL, deal INTEGER, money TEXT,
    created_s REAL NOT NULL);
CREATE TABLE IF NOT EXISTS prices (vid TEXT PRIMARY KEY, price TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS messages (
    id INTEGER PRIMARY KEY, message_id TEXT NOT NULL, topic TEXT NOT NULL, body TEXT NOT NULL,
    state TEXT NOT NULL, tries INTEGER NOT NULL DEFAULT 0, due_s REAL NOT NULL,
    last_status TEXT NOT NULL DEFAULT '', fault TEXT NOT NULL DEFAULT '');
"""


def stamp(unix_s: float | None) -> str | None:
    """Format a time as in orders: UTC, without a zone."""
    if unix_s is None:
        return None
    return datetime.fromtimestamp(unix_s, UTC).strftime("%Y-%m-%d %H:%M:%S")


def iso(unix_s: float) -> str:
    """Format a time as in authentication, in Beijing time."""
    return datetime.fromtimestamp(unix_s, BEIJING).isoformat(timespec="seconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules(BaseRules):
    """Limits and speed of the supplier.

    Units:  calls a second, points a day (0: no limit); seconds otherwise
    """

    api_key: str = DEFAULT_KEY
    qps: int = 100
    points: int = 0
    token_life_s: float = 15.0 * DAY_S
    refresh_life_s: float = 180.0 * DAY_S
    webhook_url: str = ""  # until webhook/set changes it
    webhook_retry_s: float = 5.0
    balance_usd: str = "100000.00"
    most_listed: int = 6_000  # the search engine behind the list returns no more
    subscriptions: int = 1_000  # maximum number of products
    needs_subscription: bool = False  # webhooks of subscribed products only
    tries_callbacks: bool = False  # a callback URL is tested before it is accepted


class SandboxState(SupplierState[Rules]):
    """One sandbox: its catalog, ledger, stock, faults and rules."""

    def __init__(self, *, folder: Path, base_url: str, count: int, seed: int, rules: Rules) -> None:
        super().__init__(
            base_url=base_url, rules=rules, ledger=Ledger(folder, SCHEMA), faults=Faults()
        )
        self.catalog = Catalog(count, seed)
        self.stock_store = StockStore(catalog=self.catalog, ledger=self.ledger)
        self.off_shelf = set[str](self.ledger.fact("off_shelf", []))
        self.search_results: dict[tuple[str, ...], list[int]] = {}
        self.places_by_category: dict[str, list[int]] = {}  # positions by category
        self.webhook_queued = threading.Event()
        self.usage = Usage()

    @property
    def open_id(self) -> int:
        """The account number, from the digits of the API key; webhooks are signed with it."""
        digits = "".join(letter for letter in self.rules.api_key.split("@")[0] if letter.isdigit())
        return int(digits or "1000001")

    @property
    def visible(self) -> int:
        """The number of listed products: not all of them after ``drop_catalog``."""
        return round(len(self.catalog) * self.kept_share)
