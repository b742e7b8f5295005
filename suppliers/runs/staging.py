"""Staging tables: load the rows of a feed by COPY, to compare and merge them in sets."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

from django.db import Error, connection

from storefront.lib.db.copy_format import encode_row

BUFFER_CHARS = 256 * 1024  # sent in one write
# Sent in one COPY, during which the session can run no other statement.
MAX_COPY_CHARS = 48 * 1024 * 1024
STATISTICS_TARGET = 10  # ANALYZE samples 300 times as many rows: enough to estimate the row count
# For the few statements that scan all offers of a supplier. To sort and hash a million rows takes
# about 100 MB of work_mem, and more time than the statement_timeout for web requests. The database
# pages were just read by the comparison and are cached, so index scans are cheap.
LARGE_QUERY_SETTINGS = {"work_mem": "96MB", "statement_timeout": "9min", "random_page_cost": "1.1"}


class StagingTable:
    """A temporary table of this session, filled by COPY.

    Shape: ``columns`` are column definitions, such as ``("sku text", "quantity int")``
    """

    def __init__(self, name: str, columns: Sequence[str]) -> None:
        self.name = name
        self._names = ", ".join(column.split()[0] for column in columns)
        self._waiting: list[str] = []
        self._size = 0
        self._copy: Any = None
        self._opened = ExitStack()
        self._sent = 0
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE IF EXISTS pg_temp.{name}")
            cursor.execute(f"CREATE TEMPORARY TABLE {name} ({', '.join(columns)})")

    def add(self, row: Sequence[Any]) -> None:
        """Add one row, buffered; the session stays free for other statements."""
        written = encode_row(row)
        self._waiting.append(written)
        self._size += len(written)
        if self._size >= BUFFER_CHARS:
            self.flush()

    def extend(self, rows: Iterable[Sequence[Any]]) -> None:
        for row in rows:
            self.add(row)

    def copy_text(self, lines: str) -> bool:
        """Write lines in COPY format; the session is busy until ``flush``.

        The server parses while the caller decodes the next lines. Returns whether the COPY has
        ended, so that other statements can run now.
        """
        self._write(lines)
        if self._sent < MAX_COPY_CHARS:
            return False
        self.flush()
        return True

    def flush(self) -> None:
        """Write the buffered rows and end the COPY."""
        if self._waiting:
            self._write("".join(self._waiting))
            self._waiting.clear()
            self._size = 0
        self._copy, self._sent = None, 0
        self._opened.close()

    def analyze(self) -> None:
        """Write the buffered rows, and run ANALYZE for the planner."""
        self.flush()
        with connection.cursor() as cursor:
            cursor.execute(f"SET default_statistics_target = {STATISTICS_TARGET}")
            cursor.execute(f"ANALYZE {self.name}")
            cursor.execute("RESET default_statistics_target")

    def drop(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE IF EXISTS pg_temp.{self.name}")

    def abort(self, error: BaseException) -> None:
        """Abort an open COPY after an error; its rows are lost."""
        self._opened.__exit__(type(error), error, error.__traceback__)

    def _write(self, lines: str) -> None:
        if self._copy is None:
            cursor = self._opened.enter_context(connection.cursor())
            command = f"COPY {self.name} ({self._names}) FROM STDIN"
            self._copy = self._opened.enter_context(cursor.copy(command))
        self._copy.write(lines)
        self._sent += len(lines)


@contextmanager
def staging_table(name: str, columns: Sequence[str]) -> Iterator[StagingTable]:
    stage = StagingTable(name, columns)
    try:
        yield stage
    except BaseException as error:
        stage.abort(error)
        raise
    # Not in a finally: after an error the session may be unusable. A leftover table is dropped by
    # the next stage of that name.
    stage.drop()


@contextmanager
def with_large_work_mem() -> Iterator[None]:
    """Run the enclosed statements with memory and time for a whole catalog."""
    try:
        with connection.cursor() as cursor:
            for name, value in LARGE_QUERY_SETTINGS.items():
                cursor.execute(f"SET {name} = '{value}'")
        yield
    finally:
        # If that fails, the session is dead, or the rollback resets the settings.
        with suppress(Error), connection.cursor() as cursor:
            for name in LARGE_QUERY_SETTINGS:
                cursor.execute(f"RESET {name}")


def rows(sql: str, params: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
    """Run one statement; return its rows."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())


def run(sql: str, params: Mapping[str, Any] | None = None) -> int:
    """Run one statement; return the number of rows."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return int(cursor.rowcount)
