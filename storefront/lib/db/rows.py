"""Write rows in sets, and only what differs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from itertools import batched
from typing import Any

from django.db import connection
from django.db.models import CharField, DecimalField, Field, JSONField, Model, TextField

BATCH = 1000


def differing(row: Model, values: Mapping[str, Any]) -> list[str]:
    """Set the values that differ on a row in memory, and return their names."""
    names = [name for name, value in values.items() if getattr(row, name) != value]
    for name in names:
        setattr(row, name, values[name])
    return names


def update[M: Model](model: type[M], changed: Mapping[M, Iterable[str]]) -> None:
    """Write changed columns of many rows, one statement for each thousand.

    Ten times as fast as ``bulk_update``, which writes a CASE for each column and row.

    Shape:  ``changed`` maps rows to the names of the fields to write
    """
    names = sorted({name for each in changed.values() for name in each})
    if not names:
        return
    columns: list[Field[Any, Any]] = [model._meta.get_field(name) for name in names]  # type: ignore[misc]  # noqa: SLF001
    fresh = ", ".join(f"c{place}" for place in range(len(columns)))
    assigned = ", ".join(
        f'"{column.column}" = CAST(fresh.c{place} AS {_type(column)})'
        for place, column in enumerate(columns)
    )
    arrays = ", ".join("%s::text[]" for _ in columns)
    statement = (
        f'UPDATE "{model._meta.db_table}" AS present SET {assigned}'  # noqa: S608, SLF001
        f" FROM unnest(%s::bigint[], {arrays}) AS fresh(id, {fresh}) WHERE present.id = fresh.id"
    )
    with connection.cursor() as cursor:
        for batch in batched(changed, BATCH):
            values = [
                [_text(column, getattr(row, column.attname)) for row in batch] for column in columns
            ]
            cursor.execute(statement, [[row.pk for row in batch], *values])


def insert[M: Model](model: type[M], fresh: Iterable[M]) -> None:
    """Insert rows, one statement for each thousand; they do not learn their ids.

    For long tables of facts: ``bulk_create`` compiles every value of every row.
    """
    columns = [column for column in model._meta.concrete_fields if not column.primary_key]  # noqa: SLF001
    names = ", ".join(f'"{column.column}"' for column in columns)
    cast = ", ".join(f"CAST(c{place} AS {_type(each)})" for place, each in enumerate(columns))
    arrays = ", ".join("%s::text[]" for _ in columns)
    aliases = ", ".join(f"c{place}" for place in range(len(columns)))
    statement = (
        f'INSERT INTO "{model._meta.db_table}" ({names})'  # noqa: S608, SLF001
        f" SELECT {cast} FROM unnest({arrays}) AS fresh({aliases})"
    )
    with connection.cursor() as cursor:
        for batch in batched(fresh, BATCH):
            values = [
                [_text(column, getattr(row, column.attname)) for row in batch] for column in columns
            ]
            cursor.execute(statement, values)


def _type(column: Field[Any, Any]) -> str:
    """Name the type to cast to; texts are not cast, or they would be cut without a word."""
    if isinstance(column, CharField | TextField):
        return "text"
    return column.db_type(connection) or "text"


def _text(column: Field[Any, Any], value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(column, JSONField):
        return json.dumps(value, cls=column.encoder)
    return value.isoformat() if isinstance(value, datetime) else str(value)


def fitted(model: type[Model], column: str, value: Any) -> Any:
    """Round a decimal to the places its column keeps, so that it compares equal when read."""
    field = model._meta.get_field(column)  # noqa: SLF001 - the public way to ask a model
    if isinstance(field, DecimalField) and isinstance(value, Decimal):
        return value.quantize(Decimal(1).scaleb(-(field.decimal_places or 0)))
    return value
