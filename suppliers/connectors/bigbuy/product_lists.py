"""BigBuy product lists: fetch the lists that a catalog is joined from, if they changed."""

import time
from collections.abc import Iterator
from typing import Any

from catalog.records import ImportIssue
from storefront.lib.http.errors import PermanentError
from suppliers.connectors import parsing
from suppliers.connectors.bigbuy import stock_and_costs
from suppliers.connectors.bigbuy.client import ApiClient
from suppliers.connectors.bigbuy.list_store import STOCKED, ListStore
from suppliers.connectors.bigbuy.options import Options
from suppliers.connectors.context import StateStore

# List -> the field of a product with the date of the last change to its rows in that list.
DATES = {
    "productsinformation": "dateUpdDescription",
    "productsimages": "dateUpdImages",
    "productsvariations": "dateUpd",
}
# Lists of names change seldom, and have no date.
NAMES = ("taxonomies", "manufacturers")
NAMES_OF_VARIANTS = ("variations", "attributes", "attributegroups")
# Some changes update no date, so all lists are fetched again after this time.
LISTS_MAX_AGE_S = 7 * 86_400
STOCKED_MAX_AGE_S = 1800
CHOSEN_IDS = "told"


def fetch(
    api: ApiClient, store: ListStore, options: Options, state: StateStore
) -> tuple[list[ImportIssue], frozenset[int]]:
    """Store the products of this run and the lists that they are joined with.

    Return the rows without an id, and the ids of the products to import. With
    ``only_in_stock`` these are products that are in stock or were imported before.

    Raises: QuotaExceededError, ExternalServiceError  a list is missing: nothing is imported
    """
    bad_rows: list[ImportIssue] = []
    listed = _products(api, store, bad_rows)
    if not listed:
        return bad_rows, frozenset()
    if options.only_in_stock:
        stored_ids = {int(key) for key in state.load().get(CHOSEN_IDS, ())}
        chosen_ids = listed & (_products_in_stock(api, store, options) | stored_ids)
        if chosen_ids != stored_ids:
            state.save({CHOSEN_IDS: sorted(chosen_ids)})
    else:
        if not store.fetched_at_s(STOCKED):
            _products_in_stock(api, store, options)  # the only source of lead times
        chosen_ids = listed
    if not chosen_ids:
        return bad_rows, frozenset()
    _fetch_parallel_list(api, store, "productsinformation")
    _fetch_parallel_list(api, store, "productsimages")
    fetch_variations(api, store)
    for name in NAMES:
        _fetch_names(api, store, name)
    if store.has_rows("productsvariations"):
        for name in NAMES_OF_VARIANTS:
            _fetch_names(api, store, name)
    return bad_rows, frozenset(chosen_ids)


def _products_in_stock(api: ApiClient, store: ListStore, options: Options) -> set[int]:
    """Return the products in stock. Usually the stock job has stored them recently."""
    if time.time() - store.fetched_at_s(STOCKED) > STOCKED_MAX_AGE_S:
        fetch_variations(api, store)
        for _ in stock_and_costs.stock_rows(api, store, options):
            pass
    return store.stocked()


def _products(api: ApiClient, store: ListStore, bad_rows: list[ImportIssue]) -> set[int]:
    listed: set[int] = set()

    def good() -> Iterator[tuple[int, dict[str, Any], dict[str, str]]]:
        for position, row in enumerate(api.rows("products"), start=1):
            key = parsing.integer(row.get("id"))
            if key is None or key <= 0:
                message = "The row has no valid ID."
                bad_rows.append(
                    ImportIssue(row=f"row {position}", code="list-no-id", message=message)
                )
            elif parsing.integer(row.get("active")) != 0:
                listed.add(key)
                dates = {name: parsing.text(row.get(field)) for name, field in DATES.items()}
                if row.get("attributes") is False:
                    dates.pop("productsvariations")
                yield key, row, dates

    store.put_products(good())
    return listed


def fetch_variations(api: ApiClient, store: ListStore) -> None:
    """Fetch the variations of all products, if those of one may have changed."""
    if store.has_changed("productsvariations") or _is_old(store, "productsvariations"):
        _replace(api, store, "productsvariations", parent="product")


def _fetch_parallel_list(api: ApiClient, store: ListStore, name: str) -> None:
    """Fetch a list with one row per product, if the date of one product changed.

    Raises: PermanentError  the list is empty: all products would lose its data
    """
    if not (store.has_changed(name) or _is_old(store, name)):
        return
    _replace(api, store, name, is_needed=True)


def _fetch_names(api: ApiClient, store: ListStore, name: str) -> None:
    if _is_old(store, name):
        _replace(api, store, name, is_per_product=name == "variations")


def _is_old(store: ListStore, name: str) -> bool:
    return time.time() - store.fetched_at_s(name) > LISTS_MAX_AGE_S


def _replace(  # noqa: PLR0913 - a list, and how it is fetched
    api: ApiClient,
    store: ListStore,
    name: str,
    *,
    parent: str = "",
    is_needed: bool = False,
    is_per_product: bool = True,
) -> None:
    def keyed() -> Iterator[tuple[int, int | None, dict[str, Any]]]:
        has_rows = False
        for row in api.rows(name, is_per_product=is_per_product):
            key = parsing.integer(row.get("id"))
            if key is not None:
                has_rows = True
                yield key, parsing.integer(row.get(parent)) if parent else None, row
        if is_needed and not has_rows:
            raise PermanentError(f"GET catalog/{name}: the list is empty", code="garbage")

    store.replace(name, keyed(), at_s=time.time())
