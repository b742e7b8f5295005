"""Feed sandbox state: hold a wholesaler's products, prices and stock, store what changed.

It sells the products of the other sandboxes with its own SKUs and names. Changes since the reset
are stored in a file, so that a restart loses nothing.
"""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from storefront.dev.sandboxes.core.faults import RESPONSE_FAULTS, Faults
from storefront.dev.sandboxes.core.ledger import Ledger, Usage
from storefront.dev.sandboxes.goods.catalog import Catalog
from storefront.dev.sandboxes.goods.identifiers import check_digit
from storefront.dev.sandboxes.goods.model import Product, Variant
from storefront.dev.sandboxes.goods.randomness import RandomDraws
from storefront.dev.sandboxes.supplier import BaseRules, SupplierState

WAREHOUSES = ("DE1", "PL1")
CURRENCY = "EUR"
MARGIN = Decimal("1.08")
OTHER_GTIN = 0.06
NO_GTIN = 0.06
CENT = Decimal("0.01")
GRAMS_PER_KG = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedItem:
    """One SKU as the wholesaler sells it.

    Shape:  ``blank`` names the values whose cells are empty in the files
    """

    sku: str
    parent: str
    ean: str
    mpn: str
    name: str
    brand: str
    category: tuple[str, ...]
    html: str
    features: tuple[tuple[str, str], ...]
    color: str
    version: str
    price: Decimal
    stock: dict[str, int]
    weight_kg: Decimal
    images: tuple[str, ...]
    hs_code: str
    is_active: bool
    blank: frozenset[str] = frozenset()


@dataclass
class Changes:
    """The changes since the reset. ``at_s`` is the time of the last one."""

    at_s: float
    stock: dict[str, dict[str, int]] = field(default_factory=dict)
    prices: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    discontinued: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    blank: dict[str, list[str]] = field(default_factory=dict)
    dropped_share: float = 0.0


class FeedCatalog:
    """The wholesaler's products: those of the other sandboxes, most with the manufacturer's GTIN."""

    def __init__(  # noqa: PLR0913 - the command line options
        self, *, count: int, seed: int, folder: Path, base_url: str, now_s: float, skip: int = 0
    ) -> None:
        self.catalog = Catalog(skip + count, seed)
        self.base_url = base_url
        self._first_day_s = now_s
        self._skip = skip
        self.folder = folder
        self._file = folder / "changes.json"
        self._lock = threading.RLock()
        folder.mkdir(parents=True, exist_ok=True)
        kept = json.loads(self._file.read_text()) if self._file.exists() else {"at_s": now_s}
        self.changes = Changes(**kept)

    def reset(self) -> None:
        self.changes = Changes(at_s=self._first_day_s)
        self._file.unlink(missing_ok=True)

    def change(self, *, now_s: float, **what: Any) -> None:
        """Change values, and store them."""
        with self._lock:
            for name, value in what.items():
                setattr(self.changes, name, value)
            self.changes.at_s = now_s
            unfinished = self._file.with_suffix(".part")
            unfinished.write_text(json.dumps(self.changes.__dict__))
            unfinished.replace(self._file)

    def feed_items(self) -> Iterator[FeedItem]:
        """Yield the SKUs that the files list now."""
        with self._lock:
            left_out, discontinued = set(self.changes.left_out), set(self.changes.discontinued)
            listed = round(self.count * (1 - self.changes.dropped_share))
        for subject in range(self._skip, self._skip + listed):
            product = self.catalog.product(subject)
            for variant in product.variants:
                sku = _sku(product, variant)
                if sku not in left_out:
                    yield self._feed_item(
                        product, variant, sku=sku, is_active=sku not in discontinued
                    )

    def changed(self) -> Iterator[FeedItem]:
        """Yield only the changed SKUs, as a delta file does."""
        with self._lock:
            changed = {*self.changes.stock, *self.changes.prices, *self.changes.discontinued}
            changed |= {*self.changes.blank, *self.changes.names}
        return (item for item in self.feed_items() if item.sku in changed)

    @property
    def count(self) -> int:
        return self.catalog.count - self._skip

    def _feed_item(
        self, product: Product, variant: Variant, *, sku: str, is_active: bool
    ) -> FeedItem:
        draws = RandomDraws(self.catalog.seed, "feed", product.subject, variant.place)
        changes = self.changes
        options = dict(zip(product.option_names, variant.values, strict=False))
        price = (variant.price * MARGIN).quantize(CENT)
        pictures = f"{self.base_url}/pictures/{product.pid}/{variant.place}"
        return FeedItem(
            sku=sku,
            parent=_parent(product),
            ean=_gtin(variant, draws),
            mpn=variant.mpn,
            name=changes.names.get(sku)
            or f"{product.noun[:1].upper()}{product.noun[1:]} {product.brand.name} {product.model}",
            brand=product.brand.name.upper(),
            category=("Outdoor", product.family.capitalize(), product.category),
            html=f"<p>{product.lead}</p>",
            features=product.specs,
            color=options.get("Color", ""),
            version=" / ".join(value for name, value in options.items() if name != "Color"),
            price=Decimal(changes.prices.get(sku, str(price))),
            stock=changes.stock.get(sku) or {"DE1": draws.whole(0, 60), "PL1": draws.whole(5, 200)},
            weight_kg=Decimal(variant.packed_g) / GRAMS_PER_KG,
            images=(f"{pictures}/front.png", f"{pictures}/side.png"),
            hs_code=product.hs_code,
            is_active=is_active,
            blank=frozenset(changes.blank.get(sku, ())),
        )


def _parent(product: Product) -> str:
    return f"LX-{product.subject:06}"


def _sku(product: Product, variant: Variant) -> str:
    return f"{_parent(product)}-{variant.place + 1}"


def _gtin(variant: Variant, draws: RandomDraws) -> str:
    """Return mostly the manufacturer's GTIN, sometimes one of the wholesaler's own, or none."""
    lot = draws.share()
    if lot < NO_GTIN:
        return ""
    if lot < NO_GTIN + OTHER_GTIN:
        body = f"29{variant.place:02}{draws.whole(0, 10**8 - 1):08}"
        return body + check_digit(body)
    return variant.barcode


# One sandbox

KINDS = frozenset({"500", "429", "slow", "drop_before", "redirect", "empty", *RESPONSE_FAULTS})
SCHEMA = """
CREATE TABLE IF NOT EXISTS orders (
    number TEXT PRIMARY KEY, digest TEXT NOT NULL, lines TEXT NOT NULL, ship_to TEXT NOT NULL,
    received_s REAL NOT NULL, answered_s REAL, answer TEXT NOT NULL DEFAULT '[]');
CREATE TABLE IF NOT EXISTS attempts (
    id INTEGER PRIMARY KEY, at_s REAL NOT NULL, file TEXT NOT NULL, reason TEXT NOT NULL);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules(BaseRules):
    """The wholesaler's range and speed; with a ``token``, its files require ``?key=``.

    Units:  ``skip`` is the number of products left out at the start of the common range
    """

    pace_s: float = 6.0
    skip: int = 0
    token: str = ""


class SandboxState(SupplierState[Rules]):
    """One sandbox: its products, the orders that it received, and its faults."""

    def __init__(self, *, folder: Path, base_url: str, count: int, seed: int, rules: Rules) -> None:
        self.shop = FeedCatalog(
            count=count,
            skip=rules.skip,
            seed=seed,
            folder=folder,
            base_url=base_url,
            now_s=time.time(),
        )
        super().__init__(
            base_url=base_url, rules=rules, ledger=Ledger(folder, SCHEMA), faults=Faults(KINDS)
        )
        self.usage = Usage()
        self.frozen_at_s: float | None = None
        self.working = threading.Lock()
        self.orders, self.answers = folder / "orders", folder / "answers"
        for place in (self.orders, self.answers):
            place.mkdir(exist_ok=True)

    @property
    def base_url(self) -> str:
        return self.shop.base_url

    @base_url.setter
    def base_url(self, url: str) -> None:
        self.shop.base_url = url
