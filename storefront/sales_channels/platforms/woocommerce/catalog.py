"""WooCommerce catalog: write products, stock and prices in batches, read all variants.

The stock and the prices of variations take one call per product, those of simple products one call
per hundred.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import batched
from typing import Any

from storefront.lib.http.errors import PermanentError
from storefront.lib.money import Money
from storefront.sales_channels.platforms.base import (
    ExternalVariant,
    ListedProduct,
    PriceWrite,
    ProductResult,
    StockWrite,
    VariantState,
    WriteResult,
)
from storefront.sales_channels.platforms.own_keys import is_simple, product_sku
from storefront.sales_channels.platforms.woocommerce import payloads
from storefront.sales_channels.platforms.woocommerce.client import NO_ROUTE, PAGE_SIZE, Client
from storefront.sales_channels.platforms.woocommerce.schemas import (
    Currency,
    Item,
    Problem,
    Setting,
    amount,
)
from storefront.sales_channels.platforms.woocommerce.taxonomies import Taxonomies

# A host usually ends a request after 30 s: so many pictures are downloaded in one.
MAX_DOWNLOADS = 20
SKUS_PER_LOOKUP = 50  # they are part of the address
KNOWN_FIELDS = "id,parent_id,type,sku,meta_data"
STATE_FIELDS = (
    "id,parent_id,type,status,sku,regular_price,sale_price,manage_stock,stock_quantity,stock_status"
)
MISSING = frozenset(
    {
        "woocommerce_rest_product_invalid_id",
        "woocommerce_rest_product_variation_invalid_id",
        "woocommerce_rest_product_variation_invalid_parent",
        "woocommerce_rest_invalid_product_id",
    }
)
# What the state of a variant without managed stock says: it can be bought without a limit.
UNLIMITED = 1_000_000


class Catalog:
    def __init__(self, client: Client) -> None:
        self._client = client
        self._taxonomies = Taxonomies(client)

    @cached_property
    def currency(self) -> str:
        return self._client.get("data/currencies/current", Currency).code

    @cached_property
    def weight_unit(self) -> str:
        return self._client.get("settings/products/woocommerce_weight_unit", Setting).value

    # Products

    def write_products(self, products: Sequence[ListedProduct]) -> Iterator[ProductResult]:
        for group in batched(products, PAGE_SIZE):
            new = self._created_before([one for one in group if not one.external_id])
            known = self._read_known([one.external_id for one in group if one.external_id])
            found: dict[str, Item] = {}
            for product in group:
                item = known.get(product.external_id) or new.get(product.key)
                if item is None and product.external_id:
                    yield ProductResult(
                        key=product.key, is_missing=True, problem="The product was deleted"
                    )
                elif item is not None:
                    found[product.key] = item
            rest = [one for one in group if not one.external_id or one.key in found]
            for part in _by_downloads(rest, found):
                yield from self._write(part, found)

    def _write(
        self, products: Sequence[ListedProduct], found: Mapping[str, Item]
    ) -> Iterator[ProductResult]:
        create = [one for one in products if one.key not in found]
        update = [one for one in products if one.key in found]
        answer = self._client.batch(
            "products",
            create=[self._body(one, None) for one in create],
            update=[{"id": found[one.key].id, **self._body(one, found[one.key])} for one in update],
        )
        for product, item in zip([*create, *update], [*answer.create, *answer.update], strict=True):
            before = found.get(product.key)
            if item.error is not None:
                yield ProductResult(
                    key=product.key,
                    external_id=product.external_id,
                    problem=_text(item.error),
                    is_missing=item.error.code in MISSING,
                )
            elif is_simple(product):
                here = ExternalVariant(product_id=str(item.id), variant_id=str(item.id))
                sku = product.variants[0].sku
                yield ProductResult(key=product.key, external_id=str(item.id), variants={sku: here})
            else:
                yield self._write_variations(product, item.id, before)

    def _body(self, product: ListedProduct, found: Item | None) -> dict[str, Any]:
        return payloads.product_body(
            product,
            categories=self._taxonomies.category_path(product.category),
            brand=self._taxonomies.brand(product.brand),
            weight_unit=self.weight_unit,
            with_pictures=found is None or not payloads.has_pictures(found, product),
        )

    def _write_variations(
        self, product: ListedProduct, parent: int, before: Item | None
    ) -> ProductResult:
        """Create, update and delete variations, so that they are those of the product."""
        path = f"products/{parent}/variations"
        known = _known_variations(product, parent)
        if before is not None and not known:
            rows = self._client.pages(path, Item, _fields=KNOWN_FIELDS)
            known = {row.sku: row.id for row in rows}
        with_pictures = before is None or not payloads.has_pictures(before, product)
        listed = {variant.sku: variant for variant in product.variants}
        gone = [known[sku] for sku in known if sku not in listed]
        ids: dict[str, int] = {}
        problems: list[str] = []
        for number, part in enumerate(batched(listed.values(), PAGE_SIZE // 2)):
            new = [one for one in part if one.sku not in known]
            old = [one for one in part if one.sku in known]
            answer = self._client.batch(
                path,
                create=[self._variation(one, with_picture=True) for one in new],
                update=[
                    {"id": known[one.sku], **self._variation(one, with_picture=with_pictures)}
                    for one in old
                ],
                delete=gone if number == 0 else (),
            )
            for variant, item in zip([*new, *old], [*answer.create, *answer.update], strict=True):
                if item.error is None:
                    ids[variant.sku] = item.id
                else:
                    problems.append(f"{variant.sku}: {_text(item.error)}")
        return ProductResult(
            key=product.key,
            external_id=str(parent),
            variants={
                sku: ExternalVariant(product_id=str(parent), variant_id=str(key))
                for sku, key in ids.items()
            },
            problem="; ".join(problems)[:1000],
        )

    def _variation(self, variant: Any, *, with_picture: bool) -> dict[str, Any]:
        return payloads.variation_body(
            variant, weight_unit=self.weight_unit, with_picture=with_picture
        )

    def _created_before(self, products: Sequence[ListedProduct]) -> dict[str, Item]:
        """Return products that an earlier call created although its answer was lost, by our key."""
        skus = [product_sku(product) for product in products]
        found: list[Item] = []
        for part in batched(skus, SKUS_PER_LOOKUP):
            query = {"sku": ",".join(part), "per_page": PAGE_SIZE, "_fields": KNOWN_FIELDS}
            found += self._client.get("products", list[Item], **query)
        return dict(payloads.by_key(found))

    def _read_known(self, ids: Sequence[str]) -> dict[str, Item]:
        """Return what the store has of these products, by id."""
        known = {}
        for part in batched(ids, PAGE_SIZE):
            query = {"include": ",".join(part), "per_page": PAGE_SIZE, "_fields": KNOWN_FIELDS}
            for item in self._client.get("products", list[Item], **query):
                known[str(item.id)] = item
        return known

    def unpublish(self, external_ids: Sequence[str]) -> Iterator[ProductResult]:
        for part in batched(external_ids, PAGE_SIZE):
            update = [{"id": int(key), "status": "draft"} for key in part]
            answer = self._client.batch("products", update=update)
            for key, item in zip(part, answer.update, strict=True):
                error = item.error
                yield ProductResult(
                    key="",
                    external_id=key,
                    problem=_text(error) if error else "",
                    is_missing=bool(error and error.code in MISSING),
                )

    # Stock and prices

    def write_stock(self, writes: Sequence[StockWrite]) -> Iterator[WriteResult]:
        return self._write_fields(writes, lambda one: payloads.stock_body(one.quantity))

    def write_prices(self, writes: Sequence[PriceWrite]) -> Iterator[WriteResult]:
        return self._write_fields(writes, payloads.price_write_body)

    def _write_fields[W: (StockWrite, PriceWrite)](
        self, writes: Sequence[W], body: Callable[[W], Mapping[str, Any]]
    ) -> Iterator[WriteResult]:
        groups: dict[str, list[W]] = {}
        for write in writes:
            ids = write.variant
            is_simple = ids.product_id == ids.variant_id
            path = "products" if is_simple else f"products/{ids.product_id}/variations"
            groups.setdefault(path, []).append(write)
        for path, group in groups.items():
            for part in batched(group, PAGE_SIZE):
                update = [{"id": int(one.variant.variant_id), **body(one)} for one in part]
                answer = self._client.batch(path, update=update)
                for write, item in zip(part, answer.update, strict=True):
                    yield _write_result(write.variant, item.error)

    # Reading

    def read_variants(self) -> Iterator[VariantState]:
        """Yield all variants; since WooCommerce 10.3 all variations are one list."""
        active: dict[int, bool] = {}
        query = {"_fields": STATE_FIELDS, "orderby": "id", "order": "asc"}
        for item in self._client.pages("products", Item, **query):
            if item.type == "variable":
                active[item.id] = item.status == "publish"
            elif item.type == "simple":
                yield self._state(item, product_id=item.id, is_active=item.status == "publish")
        if not active:
            return
        try:
            for item in self._client.pages("variations", Item, **query):
                yield from self._variation_state(item, item.parent_id, active)
        except PermanentError as error:
            if error.code != NO_ROUTE:
                raise
            for parent in active:
                path = f"products/{parent}/variations"
                for item in self._client.pages(path, Item, **query):
                    yield from self._variation_state(item, parent, active)

    def _variation_state(
        self, item: Item, parent: int, active: Mapping[int, bool]
    ) -> Iterator[VariantState]:
        if parent in active:
            is_active = active[parent] and item.status == "publish"
            yield self._state(item, product_id=parent, is_active=is_active)

    def _state(self, item: Item, *, product_id: int, is_active: bool) -> VariantState:
        regular = Money(amount(item.regular_price), self.currency)
        reduced = Money(amount(item.sale_price), self.currency) if item.sale_price else None
        unmanaged = 0 if item.stock_status == "outofstock" else UNLIMITED
        return VariantState(
            sku=item.sku,
            variant=ExternalVariant(product_id=str(product_id), variant_id=str(item.id)),
            price=reduced or regular,
            compare_at=regular if reduced else None,
            quantity=int(item.stock_quantity or 0) if item.manage_stock else unmanaged,
            is_active=is_active,
        )


def _by_downloads(
    products: Iterable[ListedProduct], found: Mapping[str, Item]
) -> Iterator[list[ListedProduct]]:
    """Divide products into groups with few pictures to download."""
    group: list[ListedProduct] = []
    count = 0
    for product in products:
        item = found.get(product.key)
        own = len(product.picture_urls)
        if item is not None and payloads.has_pictures(item, product):
            own = 0
        if group and count + own > MAX_DOWNLOADS:
            yield group
            group, count = [], 0
        group.append(product)
        count += own
    if group:
        yield group


def _known_variations(product: ListedProduct, parent: int) -> dict[str, int]:
    """Return the ids of the variations by SKU; a product that was simple has none."""
    return {
        sku: int(ids.variant_id)
        for sku, ids in product.external_variants.items()
        if ids.product_id == str(parent) and ids.variant_id != ids.product_id
    }


def _write_result(variant: ExternalVariant, error: Problem | None) -> WriteResult:
    if error is None:
        return WriteResult(variant=variant)
    return WriteResult(variant=variant, problem=_text(error), is_missing=error.code in MISSING)


def _text(error: Problem) -> str:
    return f"{error.message or error.code}"[:300]
