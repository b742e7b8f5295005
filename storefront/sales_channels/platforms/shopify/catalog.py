"""Shopify catalog: write products, stock and prices in few calls, read all variants."""

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from itertools import batched, groupby
from typing import Any
from uuid import UUID

import msgspec

from storefront.lib.http.errors import ExternalServiceError, PermanentError
from storefront.sales_channels.platforms.base import (
    ListedProduct,
    PlatformContext,
    PriceWrite,
    ProductResult,
    StockWrite,
    VariantState,
    WriteResult,
)
from storefront.sales_channels.platforms.shopify import products, queries
from storefront.sales_channels.platforms.shopify.client import (
    MUTATION_COST,
    GraphqlClient,
    UserError,
    raise_for,
    user_errors,
)

# A request with more synchronous product writes could last longer than its timeout.
PRODUCTS_PER_CALL = 5
CALLS_PER_REQUEST = 20  # of cheaper mutations
ONLINE_STORE = "Online Store"
MISSING_PRODUCT = frozenset({"PRODUCT_DOES_NOT_EXIST", "NOT_FOUND"})
MISSING_VARIANT = "PRODUCT_VARIANT_DOES_NOT_EXIST"
MISSING_STOCK = frozenset({"INVALID_INVENTORY_ITEM", "INVALID_LOCATION"})
# productUpdate and publishablePublish have no error codes.
NOT_THERE = "does not exist"


class Catalog:
    """The products of one store."""

    def __init__(self, api: GraphqlClient, context: PlatformContext) -> None:
        self._api = api
        self._location = context.options.get("location_id", "")
        self._publication: str | None = None
        self._is_key_defined = False

    # Products

    def write_products(self, listed: Sequence[ListedProduct]) -> Iterator[ProductResult]:
        """Write products, and show new ones. What was written before an error is yielded first."""
        small = []
        for product in listed:
            if len(product.variants) <= products.MAX_VARIANTS:
                small.append(product)
            else:
                yield _too_large(product)
        for group in batched(small, CALLS_PER_REQUEST):
            results: list[ProductResult] = []
            failure: ExternalServiceError | None = None
            for batch in batched(group, PRODUCTS_PER_CALL):
                try:
                    results += self._write_batch(batch)
                except ExternalServiceError as error:
                    failure = error
                    break
            known = {each.external_id for each in group}
            self._publish([e.external_id for e in results if e.external_id not in known])
            yield from results
            if failure is not None:
                raise failure

    def _write_batch(self, batch: Sequence[ListedProduct]) -> Iterator[ProductResult]:
        payloads = self._set_products(batch, [frozenset()] * len(batch))
        for product, payload in zip(batch, payloads, strict=True):
            gone = _missing_skus(product, user_errors(payload))
            if gone:  # the store deleted variants: they are created again
                yield _result(product, self._set_products([product], [gone])[0])
            else:
                yield _result(product, payload)

    def _set_products(
        self, batch: Sequence[ListedProduct], without: Sequence[frozenset[str]]
    ) -> list[Mapping[str, Any]]:
        location = self.location()
        variables: dict[str, Any] = {"first": max(len(each.variants) for each in batch) or 1}
        for number, (product, gone) in enumerate(zip(batch, without, strict=True)):
            variables[f"identifier{number}"] = products.identifier(product)
            variables[f"input{number}"] = products.product_input(
                product, location=location, without=gone
            )
        # Our key needs a definition. The first request with a new product creates it.
        defines_key = not self._is_key_defined and any(not each.external_id for each in batch)
        if defines_key:
            variables["definition"] = products.KEY_DEFINITION
        document = queries.product_set(len(batch), defines_key=defines_key)
        said = self._api.mutate(document, variables, cost=2 * MUTATION_COST * len(batch))
        if defines_key:
            if not any(error.code == "TAKEN" for error in user_errors(said["define"])):
                raise_for(said["define"], what="metafieldDefinitionCreate")
            self._is_key_defined = True
        return _payloads(said, len(batch))

    def _publish(self, ids: Sequence[str]) -> None:
        """Show new products in the online store: Shopify creates them unpublished."""
        publication = self.publication() if ids else ""
        if not publication:
            return
        for batch in batched(ids, CALLS_PER_REQUEST):
            variables: dict[str, Any] = {"publications": [{"publicationId": publication}]}
            variables |= {f"id{number}": each for number, each in enumerate(batch)}
            said = self._api.mutate(
                queries.publish(len(batch)), variables, cost=MUTATION_COST * len(batch)
            )
            for payload in _payloads(said, len(batch)):
                raise_for(payload, what="publishablePublish")

    def unpublish(self, ids: Sequence[str]) -> Iterator[ProductResult]:
        for batch in batched(ids, CALLS_PER_REQUEST):
            variables = {
                f"product{number}": {"id": each, "status": products.DRAFT}
                for number, each in enumerate(batch)
            }
            said = self._api.mutate(
                queries.product_status(len(batch)), variables, cost=MUTATION_COST * len(batch)
            )
            for each, payload in zip(batch, _payloads(said, len(batch)), strict=True):
                errors = user_errors(payload)
                yield ProductResult(
                    key="",
                    external_id=each,
                    problem=_text(errors),
                    is_missing=any(NOT_THERE in error.message for error in errors),
                )

    # Stock

    def write_stock(self, writes: Sequence[StockWrite]) -> Iterator[WriteResult]:
        for batch in batched(writes, queries.STOCK_ROWS_PER_CALL):
            yield from self._set_stock(batch)

    def _set_stock(self, batch: Sequence[StockWrite]) -> Iterator[WriteResult]:
        """Set one batch; Shopify sets all rows or none, so refused ones are left out then."""
        left = list(batch)
        while left:
            location = self.location()
            variables = {
                "input": {
                    "name": "available",
                    "reason": "correction",
                    "quantities": [
                        {
                            "inventoryItemId": each.variant.inventory_id,
                            "locationId": location,
                            "quantity": max(each.quantity, 0),
                            # We own the quantity: what the store holds is no condition.
                            "changeFromQuantity": None,
                        }
                        for each in left
                    ],
                },
                "key": _batch_key(left),
            }
            payload = self._api.mutate(queries.STOCK, variables)["inventorySetQuantities"]
            refused = _by_row(user_errors(payload), len(left))
            if not refused:
                raise_for(payload, what="inventorySetQuantities")
                yield from (WriteResult(variant=each.variant) for each in left)
                return
            for number, error in refused.items():
                yield _refused(left[number], error, is_missing=error.code in MISSING_STOCK)
            left = [each for number, each in enumerate(left) if number not in refused]

    # Prices

    def write_prices(self, writes: Sequence[PriceWrite]) -> Iterator[WriteResult]:
        by_product = [
            (product_id, rows)
            for product_id, group in groupby(sorted(writes, key=_product), key=_product)
            for rows in batched(group, queries.STOCK_ROWS_PER_CALL)
        ]
        for batch in batched(by_product, CALLS_PER_REQUEST):
            variables: dict[str, Any] = {}
            for number, (product_id, rows) in enumerate(batch):
                variables[f"productId{number}"] = product_id
                variables[f"variants{number}"] = products.price_rows(rows)
            said = self._api.mutate(
                queries.prices(len(batch)), variables, cost=MUTATION_COST * len(batch)
            )
            for (_, rows), payload in zip(batch, _payloads(said, len(batch)), strict=True):
                yield from _price_results(rows, user_errors(payload))

    # Reading

    def read_variants(self) -> Iterator[VariantState]:
        variables = {"first": queries.PAGE_SIZE, "location": self.location()}
        for page in self._api.pages("productVariants", queries.VARIANTS, variables):
            currency = page["shop"]["currencyCode"]
            yield from products.variant_states(page["productVariants"]["nodes"], currency=currency)

    # The store

    def location(self) -> str:
        """Return the location whose stock we set: the chosen one, else the store's first."""
        if not self._location:
            self._read_places()
        return self._location

    def publication(self) -> str:
        """Return the publication of the online store; empty if the store has none."""
        if self._publication is None:
            self._read_places()
        return self._publication or ""

    def _read_places(self) -> None:
        said = self._api.query(queries.PLACES)
        locations = [each["id"] for each in said["locations"]["nodes"]]
        if not locations:
            raise PermanentError("the store has no location for stock", code="no_location")
        self._location = self._location or locations[0]
        published = [
            each["id"]
            for each in said["publications"]["nodes"]
            if (each["catalog"] or {}).get("title") == ONLINE_STORE
        ]
        self._publication = published[0] if published else ""


def _payloads(said: Mapping[str, Any], count: int) -> list[Mapping[str, Any]]:
    return [said[f"a{number}"] for number in range(count)]


def _result(product: ListedProduct, payload: Mapping[str, Any]) -> ProductResult:
    errors = user_errors(payload)
    if errors or not payload["product"]:
        codes = {error.code for error in errors}
        return ProductResult(
            key=product.key,
            external_id=product.external_id,
            problem=_text(errors) or "Shopify returned no product",
            is_missing=bool(product.external_id) and bool(codes & MISSING_PRODUCT),
        )
    external_id, variants = products.written_ids(payload["product"])
    return ProductResult(key=product.key, external_id=external_id, variants=variants)


def _too_large(product: ListedProduct) -> ProductResult:
    problem = f"{len(product.variants)} variants, and {products.MAX_VARIANTS} are possible"
    return ProductResult(key=product.key, external_id=product.external_id, problem=problem)


def _missing_skus(product: ListedProduct, errors: Sequence[UserError]) -> frozenset[str]:
    """Return the SKUs whose variants the store no longer has; all if it does not say which."""
    found: set[str] = set()
    for error in errors:
        if error.code != MISSING_VARIANT:
            continue
        if error.index is None or error.index >= len(product.variants):
            return frozenset(product.external_variants)
        found.add(product.variants[error.index].sku)
    return frozenset(found)


def _by_row(errors: Sequence[UserError], count: int) -> dict[int, UserError]:
    return {
        error.index: error for error in errors if error.index is not None and error.index < count
    }


def _price_results(
    rows: Sequence[PriceWrite], errors: Sequence[UserError]
) -> Iterator[WriteResult]:
    by_row = _by_row(errors, len(rows))
    of_all = next((error for error in errors if error.index is None), None)
    for number, write in enumerate(rows):
        error = by_row.get(number, of_all)
        if error is None:
            yield WriteResult(variant=write.variant)
        else:
            is_missing = error.code in {MISSING_VARIANT, *MISSING_PRODUCT}
            yield _refused(write, error, is_missing=is_missing)


def _refused(write: StockWrite | PriceWrite, error: UserError, *, is_missing: bool) -> WriteResult:
    return WriteResult(variant=write.variant, problem=error.message, is_missing=is_missing)


def _product(write: PriceWrite) -> str:
    return write.variant.product_id


def _text(errors: Sequence[UserError]) -> str:
    return "; ".join(error.message for error in errors)


def _batch_key(batch: Sequence[StockWrite]) -> str:
    """Return the idempotency key of these writes: the same for a retry of the same rows."""
    rows = [(each.key, each.variant.inventory_id, each.quantity) for each in batch]
    return str(UUID(bytes=sha256(msgspec.json.encode(rows)).digest()[:16]))
