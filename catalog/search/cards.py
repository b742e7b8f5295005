"""Product cards: describe one product in a list, read cards in a given order."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from catalog.models.listings import STALE_AFTER
from storefront.lib.db.prepared_queries import planned_cursor


def is_fresh(as_of: datetime | None, *, now: datetime) -> bool:
    return as_of is not None and as_of >= now - STALE_AFTER


@dataclass(frozen=True, slots=True)
class ProductCardRow:
    """One product in a list, its columns in the order of the list query.

    Units:  as in ``catalog.models.ProductCard``
    """

    id: int
    product_id: int
    category_id: int
    slug: str
    title: str
    titles: dict[str, str]
    brand: str
    family: str
    picture: str
    price_amount: Decimal
    has_more_prices: bool
    variant_id: int
    available: int
    as_of: datetime | None
    ships_from: list[str]
    packed_weight_g: int | None
    lithium: str
    cell_wh: Decimal | None
    cell_count: int
    variant_count: int
    output_lm: int | None
    intensity_cd: int | None
    beam_m: int | None
    runtime_min: int | None
    weight_g: int | None
    ip_rating: str
    water: int | None
    power: list[str]
    battery_format: str
    capacity_mah: int | None
    features: list[str]
    added_at: datetime

    def is_available(self, now: datetime) -> bool:
        return self.available > 0 and is_fresh(self.as_of, now=now)


CARD_COLUMNS = tuple(column.name for column in fields(ProductCardRow))
_COLUMNS = ", ".join(CARD_COLUMNS).replace("titles", "titles::json")


def select_cards(ids: list[int], *values: Any, order: str = "place") -> list[ProductCardRow]:
    """Read cards; ``order`` may use ``place``, the place of a card in ``ids`` from 1 on."""
    return [ProductCardRow(*row) for row in _select(_COLUMNS, ids, values, order)]


def sort_cards(ids: list[int], *values: Any, order: str) -> list[int]:
    """Return the ids of cards, sorted by ``order`` as ``select_cards`` takes it."""
    return [card for (card,) in _select("id", ids, values, order)]


def _select(
    columns: str, ids: list[int], values: Sequence[Any], order: str
) -> list[tuple[Any, ...]]:
    if not ids:
        return []
    statement = (
        f"SELECT {columns} FROM catalog_productcard"  # noqa: S608 - made of column names
        " JOIN unnest(%s::bigint[]) WITH ORDINALITY AS shown(id, place) USING (id)"
        f" ORDER BY {order}"
    )
    # As text: psycopg converts a list element by element.
    array = f"{{{','.join(map(str, ids))}}}"
    with planned_cursor(connection) as cursor:
        cursor.execute(statement, [array, *values])
        return list(cursor.fetchall())
