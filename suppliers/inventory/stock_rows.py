"""Stock rows: read the columns that decide which stock can fill a line.

A statement of the caller can read them too (``rows_of``), which saves a second one.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from operator import attrgetter
from typing import Any, NamedTuple

from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection
from django.db.models import Model, OuterRef, TextField
from django.db.models.functions import Cast, JSONArray

from storefront.lib.db.prepared_queries import number_placeholders, planned_cursor
from suppliers.inventory import freshness
from suppliers.models import StockLevel
from suppliers.models.inventory import StockLevelQuerySet


class StockRow(NamedTuple):
    """Columns of one stock row, named and ordered as ``PATHS``."""

    level_id: int
    offer_id: int
    variant_id: int | None
    supplier_id: int
    supplier_code: str
    supplier_status: str
    supplier_lead_days: int
    cut_off_hour: int | None
    order_days: str
    closed_on: str
    time_zone: str
    offer_status: str
    missing_certificates: str
    cost_amount: Decimal | None
    currency: str
    offer_lead_days: int | None
    minimum: int
    pack: int
    location_id: int
    country: str
    free: int
    has_fresh_cost: bool
    has_fresh_stock: bool
    restricted_countries: list[str] | None
    category_restricted_countries: list[str] | None
    lacks_responsible_person: bool
    known_at: datetime
    live_check_after_min: int
    live_check_below_units: int

    def live_check_from(self, now: datetime) -> int | None:
        """Return ``freshness.live_check_from`` of the row."""
        return freshness.live_check_from(
            age=now - self.known_at,
            available=self.free,
            query_after=timedelta(minutes=self.live_check_after_min),
            live_check_below_units=self.live_check_below_units,
        )


PATHS = (
    "id",
    "offer_id",
    "offer__variant_id",
    "offer__supplier_id",
    "offer__supplier__code",
    "offer__supplier__status",
    "offer__supplier__lead_days",
    "offer__supplier__cut_off_hour",
    "offer__supplier__order_days",
    "offer__supplier__closed_on",
    "offer__supplier__time_zone",
    "offer__status",
    "offer__missing_certificates",
    "offer__cost_amount",
    "offer__currency",
    "offer__lead_days",
    "offer__min_order_units",
    "offer__pack_size",
    "location_id",
    "location__country",
    "free",
    "has_fresh_cost",
    "has_fresh_stock",
    "offer__variant__product__restricted_countries",
    "offer__variant__product__category__restricted_countries",
    "offer__variant__product__brand__lacks_responsible_person",
    "known_at",
    "offer__supplier__live_check_after_min",
    "offer__supplier__live_check_below_units",
)
_COST, _KNOWN_AT = PATHS.index("offer__cost_amount"), PATHS.index("known_at")
_VARIANT_PLACEHOLDER = -1
_TIME_PLACEHOLDER = datetime(1970, 1, 1, tzinfo=UTC)
_of_level = attrgetter(*(path.replace("__", ".") for path in PATHS))


def levels_of(variant_ids: Sequence[int], now: datetime) -> StockLevelQuerySet:
    return _levels(now).filter(offer__variant__in=variant_ids)


def row_of(level: StockLevel) -> StockRow:
    """Return the columns of a row of ``levels_of``."""
    return StockRow(*_of_level(level))


def read_rows(variant_ids: Sequence[int], now: datetime) -> list[StockRow]:
    """Read ``PATHS`` by SQL compiled once: compiling takes longer than answering."""
    sql, params = _compile_statement()
    params_by_placeholder: dict[Any, Any] = {
        _VARIANT_PLACEHOLDER: list(variant_ids),
        _TIME_PLACEHOLDER: now,
    }
    with planned_cursor(connection) as cursor:
        cursor.execute(sql, [params_by_placeholder.get(param, param) for param in params])
        return [StockRow(*values) for values in cursor.fetchall()]


def rows_of(variant: OuterRef, now: datetime) -> ArraySubquery:
    """Return an annotation ``stock`` with the rows of a variant, for ``read_with``."""
    levels = _levels(now).filter(offer__variant=variant)
    # As text: a number of JSON would be read as a float.
    columns = [Cast(path, TextField()) if path == PATHS[_COST] else path for path in PATHS]
    return ArraySubquery(levels.values(columns=JSONArray(*columns)))


@cache
def column_of(*, variant: str, now: str) -> str:
    """Return SQL for a column with the rows of a variant as JSON text, for ``parse_column``.

    ``variant`` and ``now`` are SQL expressions; they name no table that this column reads.
    """
    sql, params = _compile_statement()
    expressions: dict[Any, str] = {_VARIANT_PLACEHOLDER: variant, _TIME_PLACEHOLDER: now}
    filled = number_placeholders(
        sql.replace("= ANY(%s)", "= %s"),
        {at: expressions.get(param) or str(int(param)) for at, param in enumerate(params)},
    )
    # as text: a number of JSON would be read as a float
    names = (f'"{path}"{"::text" * (path == PATHS[_COST])}' for path in PATHS)
    return f"(SELECT json_agg(json_build_array({', '.join(names)}))::text FROM ({filled}) stock)"  # noqa: S608 - our own names


def parse_column(text: str | None) -> list[StockRow]:
    """Return the rows in a column of ``column_of``."""
    return [_from_json(columns) for columns in json.loads(text or "[]")]


def read_with(instance: Model) -> list[StockRow] | None:
    """Return the rows that were read with an instance; None if they were not."""
    stock = getattr(instance, "stock", None)
    return None if stock is None else [_from_json(columns) for columns in stock]


def _from_json(columns: Sequence[Any]) -> StockRow:
    values = list(columns)
    if values[_COST] is not None:
        values[_COST] = Decimal(values[_COST])
    values[_KNOWN_AT] = datetime.fromisoformat(values[_KNOWN_AT])
    return StockRow(*values)


def _levels(now: datetime) -> StockLevelQuerySet:
    return StockLevel.objects.with_freshness(now).with_available(now)


@cache
def _compile_statement() -> tuple[str, tuple[Any, ...]]:
    """Compile the statement with placeholder values that mark its two parameters."""
    rows = levels_of([_VARIANT_PLACEHOLDER], _TIME_PLACEHOLDER).values_list(*PATHS)
    sql, params = rows.query.sql_with_params()
    return sql.replace(" IN (%s)", " = ANY(%s)"), params
