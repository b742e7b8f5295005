"""BigBuy product lists: fetch the lists that a catalog is joined from, if they changed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from catalog.records import BadRow
from storefront.lib.http.errors import PermanentError
from suppliers.connectors import parsing
from suppliers.connectors.bigbuy import stock_and_costs
from suppliers.connectors.bigbuy.client import Wire
from suppliers.connectors.bigbuy.list_store import STOCKED, Shelf
from suppliers.connectors.bigbuy.options import Options
from suppliers.connectors.context import Memory

# The date of a product that changes with its part of a list.
DATES = {
    "productsinformation": "dateUpdDescription",
    "productsimages": "dateUpdImages",
    "productsvariations": "dateUpd",
}
# Lists of names change seldom, and have no date.
NAMES = ("taxonomies", "manufacturers")
NAMES_OF_VARIANTS = ("variations", "attributes", "attributegroups")
NAMES_HOLD_S = 7 * 86_400
# Upper limit for changes that the dates did not show.
ALL_HOLD_S = 7 * 86_400
STOCKED_HOLDS_S = 1800
TOLD = "told"


def fetch(
    wire: Wire, shelf: Shelf, options: Options, memory: Memory
) -> tuple[list[BadRow], frozenset[int]]:
    """Store the products of this run and the lists that they are joined with.

    Return the rows without an id, and the ids of the products to import. With
    ``only_in_stock`` these are products that are in stock or were imported before.

    Raises: BudgetSpentError, OutsideError  a list could not be fetched: nothing is imported
    """
    bad: list[BadRow] = []
    listed = _products(wire, shelf, bad)
    if not listed:
        return bad, frozenset()
    if options.only_in_stock:
        told = {int(key) for key in memory.load().get(TOLD, ())}
        chosen = listed & (_stocked(wire, shelf, options) | told)
        if chosen != told:
            memory.keep({TOLD: sorted(chosen)})
    else:
        if not shelf.fetched_at_s(STOCKED):
            _stocked(wire, shelf, options)  # the only source of lead times
        chosen = listed
    if not chosen:
        return bad, frozenset()
    _parallel(wire, shelf, "productsinformation")
    _parallel(wire, shelf, "productsimages")
    variants_of(wire, shelf)
    for name in NAMES:
        _names(wire, shelf, name)
    if shelf.has_rows("productsvariations"):
        for name in NAMES_OF_VARIANTS:
            _names(wire, shelf, name)
    return bad, frozenset(chosen)


def _stocked(wire: Wire, shelf: Shelf, options: Options) -> set[int]:
    """Return the products in stock. Usually the stock job has stored them recently."""
    if time.time() - shelf.fetched_at_s(STOCKED) > STOCKED_HOLDS_S:
        variants_of(wire, shelf)
        for _ in stock_and_costs.stock_rows(wire, shelf, options):
            pass
    return shelf.stocked()


def _products(wire: Wire, shelf: Shelf, bad: list[BadRow]) -> set[int]:
    listed: set[int] = set()

    def good() -> Iterator[tuple[int, dict[str, Any], dict[str, str]]]:
        for place, row in enumerate(wire.rows("products"), start=1):
            key = parsing.whole(row.get("id"))
            if key is None or key <= 0:
                message = "The row has no valid ID."
                bad.append(BadRow(row=f"row {place}", code="list-no-id", message=message))
            elif parsing.whole(row.get("active")) != 0:
                listed.add(key)
                dates = {name: parsing.text(row.get(field)) for name, field in DATES.items()}
                if row.get("attributes") is False:
                    dates.pop("productsvariations")
                yield key, row, dates

    shelf.put_products(good())
    return listed


def variants_of(wire: Wire, shelf: Shelf) -> None:
    """Fetch the variations of all products, if those of one may have changed."""
    if shelf.has_changed("productsvariations") or _is_old(shelf, "productsvariations"):
        _replace(wire, shelf, "productsvariations", parent="product")


def _parallel(wire: Wire, shelf: Shelf, name: str) -> None:
    """Fetch a list with one row per product, if the date of one product changed.

    Raises: PermanentError  the list is empty: all products would lose its data
    """
    if not (shelf.has_changed(name) or _is_old(shelf, name)):
        return
    _replace(wire, shelf, name, is_needed=True)


def _names(wire: Wire, shelf: Shelf, name: str) -> None:
    if time.time() - shelf.fetched_at_s(name) > NAMES_HOLD_S:
        _replace(wire, shelf, name, is_per_product=name == "variations")


def _is_old(shelf: Shelf, name: str) -> bool:
    return time.time() - shelf.fetched_at_s(name) > ALL_HOLD_S


def _replace(  # noqa: PLR0913 - a list, and how it is fetched
    wire: Wire,
    shelf: Shelf,
    name: str,
    *,
    parent: str = "",
    is_needed: bool = False,
    is_per_product: bool = True,
) -> None:
    def keyed() -> Iterator[tuple[int, int | None, dict[str, Any]]]:
        found = False
        for row in wire.rows(name, is_per_product=is_per_product):
            key = parsing.whole(row.get("id"))
            if key is not None:
                found = True
                yield key, parsing.whole(row.get(parent)) if parent else None, row
        if is_needed and not found:
            raise PermanentError(f"GET catalog/{name}: the list is empty", code="garbage")

    shelf.replace(name, keyed(), at_s=time.time())
