"""onX catalog: read products, variants and inventory, join them on disk.

The specification has no job for stock alone: quantities are read by SKU, so variants come first.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import batched
from typing import Any

import msgspec

from catalog.records import ImportIssue
from storefront.lib.http.errors import PermanentError
from storefront.lib.tasks import TASK_ENDING
from suppliers.connectors import parsing
from suppliers.connectors.onx import products
from suppliers.connectors.onx.client import ToolClient, rows_of
from suppliers.connectors.onx.options import Options
from suppliers.connectors.records import PriceReport, ProductDetail, StockReport, failed_detail

SKUS_PER_CALL = 100
MAX_LOCATION_LENGTH = 30
# A product in one of these is not sold; all other statuses are the server's own words.
NOT_SOLD = frozenset({"archived", "discontinued", "draft", "inactive"})
SCHEMA = """
CREATE TABLE products (id TEXT PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE variants (id TEXT PRIMARY KEY, product TEXT NOT NULL, sku TEXT, body BLOB NOT NULL);
CREATE INDEX variants_of ON variants (product);
CREATE UNIQUE INDEX variants_by_sku ON variants (sku);
"""

type Reports[R] = tuple[str, tuple[R | ImportIssue, ...]]


class Catalog:
    """The products and variants of one server, each list read once."""

    def __init__(self, api: ToolClient, options: Options, *, currency: str) -> None:
        self._api, self._options, self._currency = api, options, currency
        self._store: sqlite3.Connection | None = None
        self._are_products_read = False
        self._bad_rows: dict[str, list[ImportIssue]] = {}

    def close(self) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None

    def pages(self) -> Iterator[ProductDetail | ImportIssue]:
        store = self._read_variants()
        if not self._are_products_read:
            self._bad_rows["products"] = list(self._add_products(store))
            self._are_products_read = True
        for issues in self._bad_rows.values():
            yield from issues
        for external_id, body in store.execute("SELECT id, body FROM products ORDER BY rowid"):
            variants = store.execute(
                "SELECT body FROM variants WHERE product = ? ORDER BY rowid", (external_id,)
            )
            try:
                yield products.page(
                    _decode(body),
                    [_decode(variant) for (variant,) in variants],
                    cost_field=self._options.cost_field,
                    currency=self._currency,
                )
            except TASK_ENDING:
                raise
            except Exception as error:  # noqa: BLE001 - failed_detail logs it
                yield failed_detail(external_id, error)

    def cost_rows(self) -> Iterator[Reports[PriceReport]]:
        for product, body in self._read_variants().execute(
            "SELECT product, body FROM variants WHERE sku IS NOT NULL ORDER BY rowid"
        ):
            row = _decode(body)
            price = products.cost(row, cost_field=self._options.cost_field, currency=self._currency)
            if isinstance(price, ImportIssue):
                yield product, (price,)
            else:
                yield product, (PriceReport(sku=parsing.text(row.get("sku")), cost=price),)

    def stock_rows(self) -> Iterator[Reports[StockReport]]:
        """Yield the stock of all SKUs, in several parts per product.

        Raises: PermanentError  no option says in which country the stock is
        """
        if not (self._options.warehouses or self._options.warehouse_country):
            raise PermanentError(
                "the connection's options: enter the country of the warehouses", code="bad_options"
            )
        known = self._read_variants().execute(
            "SELECT sku, product FROM variants WHERE sku IS NOT NULL ORDER BY rowid"
        )
        for batch in batched(known, SKUS_PER_CALL):
            owners = dict(batch)
            reports: dict[str, list[StockReport | ImportIssue]] = defaultdict(list)
            for row in self._inventory(list(owners)):
                sku = parsing.text(row.get("sku"))
                if sku in owners:
                    reports[owners[sku]] += self._level(sku, row)
            for product, rows in reports.items():
                yield product, tuple(rows)

    def _inventory(self, skus: Sequence[str]) -> list[dict[str, Any]]:
        places = {"locationIds": list(self._options.warehouses)} if self._options.warehouses else {}
        payload = self._api.query("get-inventory", {"skus": list(skus), **places})
        return rows_of(payload, "inventory", tool="get-inventory")

    def _level(self, sku: str, row: dict[str, Any]) -> list[StockReport | ImportIssue]:
        location = parsing.text(row.get("locationId")) or "default"
        quantity = parsing.integer(row.get("available"))
        if self._options.warehouses and location not in self._options.warehouses:
            return []
        if quantity is None or len(location) > MAX_LOCATION_LENGTH:
            message = f"{str(row)[:80]!r} is not a quantity at a location."
            return [ImportIssue(row=sku, code="stock-unreadable", message=message)]
        country = self._options.warehouses.get(location, self._options.warehouse_country)
        return [StockReport(sku=sku, location=location, country=country, quantity=quantity)]

    def _read_variants(self) -> sqlite3.Connection:
        if self._store is None:
            # Without a name, SQLite keeps the database in a file that it deletes by itself.
            self._store = sqlite3.connect("", check_same_thread=False)
            try:
                self._store.executescript(SCHEMA)
                self._bad_rows = {"variants": list(self._add_variants(self._store))}
            except BaseException:
                self.close()  # a partial list must not pass for the whole one
                raise
        return self._store

    def _add_variants(self, store: sqlite3.Connection) -> Iterator[ImportIssue]:
        """Store the variants; yield those that cannot be told from others.

        A row that moved to the next page while the list was read comes twice.
        """
        for row in self._api.rows("get-product-variants", "productVariants"):
            sku = parsing.text(row.get("sku"))
            key, product = (parsing.text(row.get(name)) for name in ("id", "productId"))
            if not product or not (key or sku):
                name = sku or key or "?"
                message = "A variant has no product, or neither an ID nor a SKU."
                yield ImportIssue(row=name, code="list-no-id", message=message)
                continue
            known = store.execute("SELECT id FROM variants WHERE sku = ?", (sku,)).fetchone()
            if known and known[0] != (key or sku):
                message = f"{product}: another variant has this SKU."
                yield ImportIssue(row=sku, code="sku-of-two", message=message)
                continue
            store.execute(
                "INSERT OR IGNORE INTO variants VALUES (?, ?, ?, ?)",
                (key or sku, product, sku or None, msgspec.json.encode(row)),
            )

    def _add_products(self, store: sqlite3.Connection) -> Iterator[ImportIssue]:
        for row in self._api.rows("get-products", "products"):
            key = parsing.text(row.get("id"))
            if not key:
                message = "A listed product has no ID."
                yield ImportIssue(row="?", code="list-no-id", message=message)
            elif parsing.text(row.get("status")).casefold() not in NOT_SOLD:
                store.execute(
                    "INSERT OR IGNORE INTO products VALUES (?, ?)", (key, msgspec.json.encode(row))
                )


def _decode(body: bytes) -> dict[str, Any]:
    row: dict[str, Any] = msgspec.json.decode(body)
    return row
