"""onX state: hold products, stock, orders, sessions, faults and rules of the sandbox."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from storefront.dev.sandboxes.core.faults import REQUEST_KINDS, Faults
from storefront.dev.sandboxes.core.ledger import Ledger
from storefront.dev.sandboxes.goods.catalog import Catalog
from storefront.dev.sandboxes.goods.model import Product, Variant
from storefront.dev.sandboxes.goods.randomness import RandomDraws
from storefront.dev.sandboxes.supplier import BaseRules, SupplierState

DEFAULT_KEY = "onx-sandbox-0123456789abcdef"
LOCATION = "WH1"
SKU_PREFIX = "NX"
STATUSES = ("new", "processing", "shipped", "delivered")
CANCELED = "cancelled"
FAULT_KINDS = REQUEST_KINDS - {"token_expired", "wrong_currency", "nan_price"}
# An external id may occur twice: the specification does not make servers refuse that.
SCHEMA = """
CREATE TABLE IF NOT EXISTS orders (
    id INTEGER PRIMARY KEY, external_id TEXT NOT NULL, status TEXT NOT NULL, body TEXT NOT NULL,
    tracking TEXT NOT NULL DEFAULT '', created_s REAL NOT NULL);
CREATE TABLE IF NOT EXISTS stock (sku TEXT PRIMARY KEY, quantity INTEGER NOT NULL);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules(BaseRules):
    """Settings of the server; with ``sessions`` it refuses calls outside a session."""

    api_key: str = DEFAULT_KEY
    sessions: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    product: Product
    variant: Variant

    @property
    def sku(self) -> str:
        return SKU_PREFIX + self.variant.vid


class SandboxState(SupplierState[Rules]):
    def __init__(self, *, folder: Path, base_url: str, count: int, seed: int, rules: Rules) -> None:
        super().__init__(
            base_url=base_url,
            rules=rules,
            ledger=Ledger(folder, SCHEMA),
            faults=Faults(FAULT_KINDS),
        )
        self.goods = Catalog(count, seed)
        self.sessions: set[str] = set()

    def products(self) -> Iterator[Product]:
        for position in range(int(len(self.goods) * self.kept_share)):
            yield self.goods.at(position)

    def items(self) -> Iterator[Item]:
        for product in self.products():
            for variant in product.variants:
                yield Item(product, variant)

    def by_sku(self, sku: str) -> Item | None:
        found = self.goods.variant(sku.removeprefix(SKU_PREFIX))
        return Item(*found) if found and sku.startswith(SKU_PREFIX) else None

    def quantity(self, item: Item) -> int:
        """Return the units on hand, without those of open orders."""
        changed = self.ledger.row("SELECT quantity FROM stock WHERE sku = ?", item.sku)
        draws = RandomDraws(self.goods.seed, "onx stock", item.product.subject, item.variant.place)
        if changed:
            units = int(changed["quantity"])
        elif item.product.flaw == "negative_stock":
            return -5
        else:
            units = draws.whole(2, 180)
        return units - sum(
            int(line["quantity"])
            for row in self.ledger.rows("SELECT body FROM orders WHERE status != ?", CANCELED)
            for line in json.loads(row["body"])["lineItems"]
            if line["sku"] == item.sku
        )

    def orders(self) -> list[dict[str, Any]]:
        """Return all orders as the API answers them."""
        return [_order(row) for row in self.ledger.rows("SELECT * FROM orders ORDER BY id")]

    def move(self, order_id: str, *, to: str) -> None:
        """Set the status of an order; shipping gives it a tracking number."""
        tracking = f"NX{order_id.zfill(9)}TR" if to in STATUSES[2:] else ""
        self.ledger.run(
            "UPDATE orders SET status = ?, tracking = ? WHERE id = ?", to, tracking, int(order_id)
        )


def stamp(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _order(row: dict[str, Any]) -> dict[str, Any]:
    at = stamp(row["created_s"])
    fixed = {"createdAt": at, "updatedAt": at, "tenantId": "sandbox"}
    own = {"id": str(row["id"]), "status": row["status"], "trackingNumber": row["tracking"]}
    return {**json.loads(row["body"]), **own, **fixed}
