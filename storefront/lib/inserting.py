"""Write new rows by a statement that is put together once a process for each table.

``Model.save`` and ``bulk_create`` put theirs together anew each time, which takes many times what
the database takes to write the rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from django.db import connection, models
from django.db.models.expressions import DatabaseDefault

from storefront.lib.prepared import planned_cursor


def insert[M: models.Model](rows: Sequence[M]) -> Sequence[M]:
    """Write rows of one model, none of which has a key yet; each gets the one that it was given.

    Shape:  no signals are sent; what the database fills in by itself is not read back
    """
    if not rows:
        return rows
    table = type(rows[0])
    names = _names(rows[0])
    wanted = [table._meta.get_field(name) for name in names]  # noqa: SLF001 - documented
    values = [
        field.get_db_prep_save(field.pre_save(row, add=True), connection)  # type: ignore[union-attr]
        for row in rows
        for field in wanted
    ]
    with planned_cursor(connection) as cursor:
        cursor.execute(_statement(table, names, len(rows)), values)
        keys = cursor.fetchall()
    for row, (key,) in zip(rows, keys, strict=True):
        row.pk = key
        row._state.adding, row._state.db = False, connection.alias  # noqa: SLF001
    return rows


def _names(row: models.Model) -> tuple[str, ...]:
    """Name the columns that are written: not those that the database fills in."""
    return tuple(
        field.attname
        for field in row._meta.concrete_fields  # noqa: SLF001 - Django's documented model API
        if not field.primary_key
        and not field.generated
        and not isinstance(getattr(row, field.attname), DatabaseDefault)
    )


@cache
def _statement(table: type[models.Model], names: tuple[str, ...], count: int) -> str:
    meta: Any = table._meta  # noqa: SLF001
    quoted = connection.ops.quote_name
    columns = ", ".join(quoted(meta.get_field(name).column) for name in names)
    holes = f"({', '.join(['%s'] * len(names))})"
    return (
        f"INSERT INTO {quoted(meta.db_table)} ({columns})"  # noqa: S608 - names of our own columns
        f" VALUES {', '.join([holes] * count)} RETURNING {quoted(meta.pk.column)}"
    )
