"""Staging tables: load the rows of a feed by COPY, to compare and merge them in sets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from django.db import Error, connection

from storefront.lib.db.copy_format import line

# Characters that are sent together, and that go into one COPY before it is ended: no other
# statement of this session can run while one is open.
PIECE = 256 * 1024
SAMPLE = 10  # of a list, how many rows it has is what matters; 300 times as many are looked at
MOST_IN_ONE_COPY = 48 * 1024 * 1024
# For the few statements of a run that look at all offers of a supplier at once. Sorting and
# hashing a million rows takes some 100 MB of the server, and longer than a page may wait. Where few
# of them differ, each is found by an index: the pages of a list that was just compared are warm.
ROOMY = {"work_mem": "96MB", "statement_timeout": "9min", "random_page_cost": "1.1"}


class Stage:
    """A temporary table of this database session, filled by COPY.

    Shape:  ``columns`` are column definitions, such as ``("sku text", "quantity int")``
    """

    def __init__(self, name: str, columns: Sequence[str]) -> None:
        self.name = name
        self._names = ", ".join(column.split()[0] for column in columns)
        self._waiting: list[str] = []
        self._size = 0
        self._open: Any = None
        self._sent = 0
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE IF EXISTS pg_temp.{name}")
            cursor.execute(f"CREATE TEMPORARY TABLE {name} ({', '.join(columns)})")

    def add(self, row: Sequence[Any]) -> None:
        """Take one row; what is sent is in the table, and the session is free."""
        written = line(row)
        self._waiting.append(written)
        self._size += len(written)
        if self._size >= PIECE:
            self.rest()

    def extend(self, rows: Iterable[Sequence[Any]]) -> None:
        for row in rows:
            self.add(row)

    def pour(self, lines: str) -> bool:
        """Take lines as COPY reads them; the session is busy until ``rest``.

        The server reads while we decode what comes next. Returns whether it rests by itself now:
        the moment to do something else with the session.
        """
        self._write(lines)
        if self._sent < MOST_IN_ONE_COPY:
            return False
        self.rest()
        return True

    def rest(self) -> None:
        """Send what waits, and free the session for other statements."""
        if self._waiting:
            self._write("".join(self._waiting))
            self._waiting.clear()
            self._size = 0
        if self._open is not None:
            copying, self._open, self._sent = self._open, None, 0
            copying.__exit__(None, None, None)

    def ready(self) -> None:
        """Send the rest, and let the planner know how many rows there are."""
        self.rest()
        with connection.cursor() as cursor:
            cursor.execute(f"SET default_statistics_target = {SAMPLE}")
            cursor.execute(f"ANALYZE {self.name}")
            cursor.execute("RESET default_statistics_target")

    def drop(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE IF EXISTS pg_temp.{self.name}")

    def give_up(self, error: BaseException) -> None:
        """End an open COPY after an error: what it brought is not in the table."""
        if self._open is not None:
            copying, self._open = self._open, None
            copying.__exit__(type(error), error, error.__traceback__)

    def _write(self, lines: str) -> None:
        if self._open is None:
            self._open = _copying(f"COPY {self.name} ({self._names}) FROM STDIN")
            self._open.__enter__()
        self._open.write(lines)
        self._sent += len(lines)


class _copying:  # noqa: N801 - used as a word
    """A COPY that is entered here and left there."""

    def __init__(self, sql: str) -> None:
        self._cursor = connection.cursor()
        self._copy = self._cursor.copy(sql)

    def __enter__(self) -> None:
        self._entered = self._copy.__enter__()

    def write(self, lines: str) -> None:
        self._entered.write(lines)

    def __exit__(self, *error: object) -> None:
        try:
            self._copy.__exit__(*error)
        finally:
            self._cursor.close()


@contextmanager
def staged(name: str, columns: Sequence[str]) -> Iterator[Stage]:
    stage = Stage(name, columns)
    try:
        yield stage
    except BaseException as error:
        stage.give_up(error)
        raise
    # Not in a finally: after an error the session may be unusable, and a table that is left
    # over is dropped by the next stage of that name.
    stage.drop()


@contextmanager
def roomy() -> Iterator[None]:
    """Let the statements inside have memory and time for a whole catalog."""
    try:
        with connection.cursor() as cursor:
            for name, value in ROOMY.items():
                cursor.execute(f"SET {name} = '{value}'")
        yield
    finally:
        # Where that fails, the session has died, or its transaction takes the settings back.
        with suppress(Error), connection.cursor() as cursor:
            for name in ROOMY:
                cursor.execute(f"RESET {name}")


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
