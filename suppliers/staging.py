"""Lay a feed's rows beside our tables, to be compared and merged in sets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection

CHUNK = 2_000


class Stage:
    """A temporary table of this database session, filled by COPY.

    Shape:  ``columns`` are column definitions, such as ``("sku text", "quantity int")``
    """

    def __init__(self, name: str, columns: Sequence[str]) -> None:
        self.name = name
        self._names = ", ".join(column.split()[0] for column in columns)
        self._waiting: list[Sequence[Any]] = []
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE IF EXISTS pg_temp.{name}")
            cursor.execute(f"CREATE TEMPORARY TABLE {name} ({', '.join(columns)})")

    def add(self, row: Sequence[Any]) -> None:
        self._waiting.append(row)
        if len(self._waiting) >= CHUNK:
            self._copy()

    def extend(self, rows: Iterable[Sequence[Any]]) -> None:
        for row in rows:
            self.add(row)

    def ready(self) -> None:
        """Send the rest, and let the planner know how many rows there are."""
        self._copy()
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {self.name}")

    def drop(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE IF EXISTS pg_temp.{self.name}")

    def _copy(self) -> None:
        if not self._waiting:
            return
        with (
            connection.cursor() as cursor,
            cursor.copy(f"COPY {self.name} ({self._names}) FROM STDIN") as copy,
        ):
            for row in self._waiting:
                copy.write_row(row)
        self._waiting.clear()


@contextmanager
def staged(name: str, columns: Sequence[str]) -> Iterator[Stage]:
    stage = Stage(name, columns)
    yield stage
    # Not in a finally: after an error the session may be unusable, and a table that is left
    # over is dropped by the next stage of that name.
    stage.drop()


def rows(sql: str, params: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
    """Run one statement and return its rows."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())


def run(sql: str, params: Mapping[str, Any] | None = None) -> int:
    """Run one statement and return how many rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return int(cursor.rowcount)
