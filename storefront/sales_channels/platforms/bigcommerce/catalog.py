"""BigCommerce catalog: write products, stock and prices in batches, read all variants.

A batch is written or refused as a whole. A refused one is divided until the refused row is alone.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import batched
from typing import Any

from storefront.lib.http.errors import PermanentError
from storefront.lib.money import Money
from storefront.sales_channels.platforms.base import (
    ExternalVariant,
    ListedProduct,
    ListedVariant,
    PriceWrite,
    ProductResult,
    StockWrite,
    VariantState,
    WriteResult,
)
from storefront.sales_channels.platforms.bigcommerce import payloads
from storefront.sales_channels.platforms.bigcommerce.client import MISSING, PAGE_SIZE, Client
from storefront.sales_channels.platforms.bigcommerce.schemas import (
    Category,
    Envelope,
    Option,
    OptionValue,
    Product,
    Store,
    Transaction,
    Variant,
)
from storefront.sales_channels.platforms.own_keys import is_simple, product_sku

PRODUCTS_PER_BATCH, VARIANTS_PER_BATCH, STOCK_PER_BATCH = 10, 50, 2000
SKUS_PER_LOOKUP = 100  # they are part of the address
CATEGORIES, PRODUCTS, VARIANTS = (
    "v3/catalog/categories",
    "v3/catalog/products",
    "v3/catalog/variants",
)
STOCK = "v3/inventory/adjustments/absolute"
KNOWN = "variants,custom_fields,images"
STATE_FIELDS = (
    "sku,price,sale_price,inventory_level,inventory_tracking,is_visible,availability,"
    "base_variant_id"
)
REASON = "Stock of the suppliers"
UNLIMITED = 1_000_000  # the quantity of a product whose stock is not tracked
# A refusal of the row, not of the call.
CONFLICT = "409"
ROW_REFUSALS = frozenset({"400", "404", CONFLICT, "422"})

type Row = dict[str, Any]


class Catalog:
    def __init__(self, client: Client, *, location: int, channel: int) -> None:
        self._client = client
        self._location, self._channel = location, channel
        self._categories: dict[tuple[int, str], int] | None = None

    @cached_property
    def currency(self) -> str:
        return self._client.get("v2/store", Store).currency

    # Products

    def write_products(self, products: Sequence[ListedProduct]) -> Iterator[ProductResult]:
        for group in batched(products, PAGE_SIZE):
            yield from self._write_group(group)

    def _write_group(self, group: Sequence[ListedProduct]) -> Iterator[ProductResult]:
        before = self._created_before([one for one in group if not one.external_id])
        known = self._read(include=KNOWN, ids=[one.external_id for one in group if one.external_id])
        found = {str(product.id): product for product in known}
        changed: list[tuple[ListedProduct, Product]] = []
        created: list[int] = []
        for product in group:
            existing = found.get(product.external_id) or before.get(product.key)
            if existing is not None:
                changed.append((product, existing))
            elif product.external_id:
                yield ProductResult(
                    key=product.key, is_missing=True, problem="The product was deleted"
                )
            else:
                result = self._create(product)
                created += [int(result.external_id)] if result.external_id else []
                yield result
        self._assign(created)
        yield from self._update(changed)

    def _create(self, product: ListedProduct) -> ProductResult:
        body = payloads.new_product_body(product, categories=self._category(product.category))
        for name in payloads.names(product):
            try:
                answer = self._client.write(
                    "POST", PRODUCTS, {**body, "name": name}, Envelope[Product]
                )
            except PermanentError as error:
                if error.code not in ROW_REFUSALS:
                    raise
                refusal = error
                if error.code != CONFLICT:
                    break
            else:
                return _result(product, answer.data, answer.data.variants)
        return ProductResult(key=product.key, problem=_text(refusal))

    def _assign(self, created: Sequence[int]) -> None:
        """Show new products on the storefront."""
        rows = [{"product_id": number, "channel_id": self._channel} for number in created]
        if rows:
            self._client.send("PUT", f"{PRODUCTS}/channel-assignments", body=rows)

    def _update(self, changed: Sequence[tuple[ListedProduct, Product]]) -> Iterator[ProductResult]:
        """Update products, then their variants, then the stock of all of them."""
        bodies = {}
        for product, existing in changed:
            body = payloads.product_body(product, categories=self._category(product.category))
            bodies[existing.id] = {"id": existing.id, **body}
        refused = dict(self._refused(PRODUCTS, list(bodies.values()), size=PRODUCTS_PER_BATCH))
        rest = []
        for product, existing in changed:
            problem = refused.get(existing.id)
            if problem is not None and problem.code == CONFLICT:
                body = {**bodies[existing.id], "name": payloads.names(product)[1]}
                problem = dict(self._refused(PRODUCTS, [body], size=1)).get(existing.id)
            if problem is not None:
                yield ProductResult(
                    key=product.key, external_id=str(existing.id), problem=_text(problem)
                )
            else:
                rest.append((product, existing))
        for product, existing in rest:
            self._write_details(product, existing)
        written = {one.id: one for one in self._written_variants(rest)}
        for product, existing in rest:
            current = written.get(existing.id, existing)
            listed = {variant.sku for variant in product.variants}
            yield _result(product, current, [one for one in current.variants if one.sku in listed])

    def _written_variants(self, changed: Sequence[tuple[ListedProduct, Product]]) -> list[Product]:
        """Update, add and delete variants; return the products with their new variants."""
        rows: list[Row] = []
        grown: set[int] = set()
        for product, existing in changed:
            if is_simple(product):
                continue
            known = {one.sku: one.id for one in existing.variants}
            listed = {variant.sku: variant for variant in product.variants}
            rows += [
                {"id": known[sku], **payloads.variant_body(variant)}
                for sku, variant in listed.items()
                if sku in known
            ]
            new = [variant for sku, variant in listed.items() if sku not in known]
            if new:
                self._add_variants(existing.id, new)
                grown.add(existing.id)
            for sku, number in known.items():
                if sku not in listed:
                    self._client.send("DELETE", f"{PRODUCTS}/{existing.id}/variants/{number}")
        for _, error in self._refused(VARIANTS, rows, size=VARIANTS_PER_BATCH):
            raise error
        fresh = {one.id: one for one in self._read(include="variants", ids=list(map(str, grown)))}
        self._set_stock(
            [(product, fresh.get(existing.id, existing)) for product, existing in changed]
        )
        return list(fresh.values())

    def _set_stock(self, changed: Sequence[tuple[ListedProduct, Product]]) -> None:
        writes = []
        for product, existing in changed:
            ids = {one.sku: payloads.ids_of(existing, one) for one in existing.variants}
            writes += [
                StockWrite(variant=ids[one.sku], quantity=one.quantity, key=one.sku)
                for one in product.variants
                if one.sku in ids
            ]
        for result in self.write_stock(writes):
            if result.problem:
                raise PermanentError(f"stock: {result.problem}", code="refused")

    def _add_variants(self, product_id: int, variants: Sequence[ListedVariant]) -> None:
        """Add variants; a value that an option lacks is added to it first."""
        path = f"{PRODUCTS}/{product_id}"
        options = {
            one.display_name: one for one in self._client.data(f"{path}/options", list[Option])
        }
        values = {
            (option.id, value.label): value.id
            for option in options.values()
            for value in option.option_values
        }
        for variant in variants:
            chosen = []
            for name, label in variant.options:
                option = options.get(name)
                if option is None:
                    raise PermanentError(
                        f"product {product_id} has no option {name[:60]!r}", code="refused"
                    )
                if (option.id, label) not in values:
                    row = {"label": label, "sort_order": len(values)}
                    added = self._client.write(
                        "POST", f"{path}/options/{option.id}/values", row, Envelope[OptionValue]
                    )
                    values[option.id, label] = added.data.id
                chosen.append({"option_id": option.id, "id": values[option.id, label]})
            body = {**payloads.variant_body(variant), "option_values": chosen}
            self._client.send("POST", f"{path}/variants", body=body)

    def _write_details(self, product: ListedProduct, existing: Product) -> None:
        """Make specifications and pictures those of the product; calls only for changes."""
        path = f"{PRODUCTS}/{existing.id}"
        wanted = [(row["name"], row["value"]) for row in payloads.custom_fields(product)]
        held = {(field.name, field.value): field.id for field in existing.custom_fields}
        for field, number in held.items():
            if field not in wanted:
                self._client.send("DELETE", f"{path}/custom-fields/{number}")
        for name, value in wanted:
            if (name, value) not in held:
                body = {"name": name, "value": value}
                self._client.send("POST", f"{path}/custom-fields", body=body)
        if existing.search_keywords != payloads.keywords(product):
            for image in existing.images:
                self._client.send("DELETE", f"{path}/images/{image.id}")
            for row in payloads.images(product):
                self._client.send("POST", f"{path}/images", body=row)

    def _created_before(self, products: Sequence[ListedProduct]) -> dict[str, Product]:
        """Return products that an earlier call created although its answer was lost, by our key."""
        keys = {product_sku(product): product.key for product in products}
        found = {}
        for part in batched(keys, SKUS_PER_LOOKUP):
            query = {"sku:in": ",".join(part), "include": KNOWN}
            for one in self._client.pages(PRODUCTS, Product, **query):
                if one.sku in keys and payloads.is_ours(one, keys[one.sku]):
                    found[keys[one.sku]] = one
        return found

    def _read(self, *, include: str, ids: Sequence[str]) -> Iterator[Product]:
        for part in batched(ids, PAGE_SIZE):
            query = {"id:in": ",".join(part), "include": include}
            yield from self._client.pages(PRODUCTS, Product, **query)

    def unpublish(self, external_ids: Sequence[str]) -> Iterator[ProductResult]:
        hidden = {"is_visible": False, "availability": "disabled"}
        rows = [{"id": int(key), **hidden} for key in external_ids]
        refused = dict(self._refused(PRODUCTS, rows, size=PRODUCTS_PER_BATCH))
        for key in external_ids:
            error = refused.get(int(key))
            yield ProductResult(
                key="",
                external_id=key,
                problem=_text(error) if error else "",
                is_missing=error is not None and self._is_missing(f"{PRODUCTS}/{key}"),
            )

    # Categories

    def _category(self, path: Sequence[str]) -> list[int]:
        """Return the id of the last category; its parents are created as well."""
        if self._categories is None:
            rows = self._client.pages(CATEGORIES, Category)
            self._categories = {(row.parent_id, row.name.casefold()): row.id for row in rows}
        parent = 0
        for name in path:
            place = (parent, name.casefold())
            if place not in self._categories:
                body = {"name": name, "parent_id": parent}
                answer = self._client.write("POST", CATEGORIES, body, Envelope[Category])
                self._categories[place] = answer.data.id
            parent = self._categories[place]
        return [parent] if parent else []

    # Stock and prices

    def write_stock(self, writes: Sequence[StockWrite]) -> Iterator[WriteResult]:
        def write(some: Sequence[StockWrite]) -> None:
            items = [payloads.stock_row(one, location=self._location) for one in some]
            body = {"reason": REASON, "items": items}
            self._client.write("PUT", STOCK, body, Transaction)

        for part in batched(writes, STOCK_PER_BATCH):
            refused = {one.variant: error for one, error in _divided(part, write)}
            for one in part:
                yield self._write_result(one.variant, refused.get(one.variant))

    def write_prices(self, writes: Sequence[PriceWrite]) -> Iterator[WriteResult]:
        simple = [one for one in writes if payloads.is_simple_variant(one.variant)]
        other = [one for one in writes if not payloads.is_simple_variant(one.variant)]
        for path, size, group in (
            (PRODUCTS, PRODUCTS_PER_BATCH, simple),
            (VARIANTS, VARIANTS_PER_BATCH, other),
        ):
            refused = dict(
                self._refused(path, [payloads.price_row(one) for one in group], size=size)
            )
            for one in group:
                number = int(one.variant.product_id if group is simple else one.variant.variant_id)
                yield self._write_result(one.variant, refused.get(number))

    def _refused(
        self, path: str, rows: Sequence[Row], *, size: int
    ) -> Iterator[tuple[int, PermanentError]]:
        """Write rows in batches; yield the ids of refused rows."""

        def write(some: Sequence[Row]) -> None:
            self._client.write("PUT", path, list(some), Envelope[list[Row]])

        for part in batched(rows, size):
            for row, error in _divided(part, write):
                yield row["id"], error

    def _write_result(self, variant: ExternalVariant, error: PermanentError | None) -> WriteResult:
        if error is None:
            return WriteResult(variant=variant)
        path = f"{PRODUCTS}/{variant.product_id}/variants/{variant.variant_id}"
        return WriteResult(variant=variant, problem=_text(error), is_missing=self._is_missing(path))

    def _is_missing(self, path: str) -> bool:
        """Return whether a refused row no longer exists: the refusal does not say so."""
        try:
            self._client.send("GET", path)
        except PermanentError as error:
            if error.code != MISSING:
                raise
            return True
        return False

    # Reading

    def read_variants(self) -> Iterator[VariantState]:
        query = {"include": "variants", "include_fields": STATE_FIELDS, "sort": "id"}
        for product in self._client.pages(PRODUCTS, Product, **query):
            for variant in product.variants:
                yield self._state(product, variant)

    def _state(self, product: Product, variant: Variant) -> VariantState:
        is_base = product.base_variant_id is not None
        own = None if is_base else variant.price
        price = product.price if own is None else own
        sale = product.sale_price if own is None else variant.sale_price
        level = product.inventory_level if is_base else variant.inventory_level
        is_sellable = product.availability == "available" and not variant.purchasing_disabled
        return VariantState(
            sku=variant.sku,
            variant=payloads.ids_of(product, variant),
            price=Money(sale or price, self.currency),
            compare_at=Money(price, self.currency) if sale else None,
            quantity=UNLIMITED if product.inventory_tracking == "none" else level,
            is_active=product.is_visible and is_sellable,
        )


def _divided[R](
    rows: Sequence[R], write: Callable[[Sequence[R]], None]
) -> Iterator[tuple[R, PermanentError]]:
    """Write rows together; if they are refused, in halves. Yield the rows refused alone."""
    if not rows:
        return
    try:
        write(rows)
    except PermanentError as error:
        if error.code not in ROW_REFUSALS:
            raise
        if len(rows) == 1:
            yield rows[0], error
            return
        middle = len(rows) // 2
        yield from _divided(rows[:middle], write)
        yield from _divided(rows[middle:], write)


def _result(product: ListedProduct, written: Product, variants: Sequence[Variant]) -> ProductResult:
    return ProductResult(
        key=product.key,
        external_id=str(written.id),
        variants={one.sku: payloads.ids_of(written, one) for one in variants},
    )


def _text(error: PermanentError) -> str:
    return str(error)[:300]
