"""Whole lists, page by page, each in an order of its own."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from storefront.dev.sandboxes.bigbuy import lists
from storefront.dev.sandboxes.bigbuy.errors import RefusedError
from storefront.dev.sandboxes.bigbuy.state import World
from storefront.dev.sandboxes.core.http_server import Query

MOST_ROWS = 10_000
DEFAULT_ROWS = 1_000
BAD_REQUEST = {"code": "Bad request", "message": 400}  # the two have changed places

type Row = dict[str, Any]

OF_PRODUCTS: dict[str, Callable[[World, int], Iterator[Row]]] = {
    "productsinformation": lists.information,
    "productsimages": lists.images,
    "productprices": lists.prices,
    "productvariationprices": lists.variation_prices,
    "productsstockbyhandlingdays": lists.stock,
    "productsvariationsstockbyhandlingdays": lists.variation_stock,
    "productsvariations": lists.variations,
    "variations": lists.combinations,
}
NAMES: dict[str, Callable[[World], Iterator[Row]]] = {
    "taxonomies": lists.taxonomies,
    "manufacturers": lists.manufacturers,
    "attributes": lists.attributes,
    "attributegroups": lists.attribute_groups,
}
SINGLES: dict[str, Callable[[World, int], Iterator[Row]]] = {
    "product": lambda world, key: iter([lists.product(world, key)]),
    "productinformation": lists.information,
    "productimages": lists.images,
    "productstockbyhandlingdays": lists.stock,
}


def listed(world: World, name: str, query: Query) -> list[Row] | None:
    """Return one page of a list; None where there is no such list."""
    if name == "languages":
        return [{"name": "English", "isoCode": "en"}, {"name": "Español", "isoCode": "es"}]
    if name in NAMES:
        return list(NAMES[name](world))
    if name != "products" and name not in OF_PRODUCTS:
        return None
    page = _whole(query, "page", default=0, most=100_000)
    size = _whole(query, "pageSize", default=DEFAULT_ROWS, most=MOST_ROWS)
    keys = _keys(world, name, _whole(query, "parentTaxonomy", default=None, most=10**9))
    if name == "products":
        return [lists.product(world, key) for key in islice(keys, page * size, (page + 1) * size)]
    told = (row for key in keys for row in OF_PRODUCTS[name](world, key))
    return list(islice(told, page * size, (page + 1) * size))


def single(world: World, name: str, key: str) -> Row | None:
    """Return the row of one product; None where there is none."""
    if name not in SINGLES or not key.isdecimal() or int(key) not in world.goods.ids():
        return None
    return next(SINGLES[name](world, int(key)), None)


def _keys(world: World, name: str, taxonomy: int) -> Iterator[int]:
    there = world.goods.ids()
    kept = there[: round(len(there) * world.kept_share)]
    shuffled = kept if name == "products" else sorted(kept, key=lambda key: _place(name, key))
    return (key for key in shuffled if _is_below(world, key, taxonomy))


def _place(name: str, key: int) -> int:
    return zlib.crc32(f"{name}{key}".encode())


def _is_below(world: World, key: int, taxonomy: int) -> bool:
    if taxonomy == lists.LIGHTING:
        return True
    made = world.goods.product(key)
    families = {lists.family_id(made.family), lists.category_id(made.family, made.category)}
    return taxonomy in families


def _whole(query: Query, name: str, *, default: int | None, most: int) -> int:
    text = next(iter(query.get(name, [])), "" if default is None else str(default))
    if not (text.isascii() and text.isdecimal() and int(text) <= most):
        raise RefusedError(400, BAD_REQUEST)
    return int(text)
