"""Sliced migrations: change a large table slice by slice, commit each, so no query waits long."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.migrations import RunPython

SLICE = 10_000


def by_slices(statement: str, *, table: str, size: int = SLICE) -> RunPython:
    """Run a statement for each slice of a table's ids, and commit each by itself.

    It belongs in a migration of its own that is not ``atomic``: killed, it begins anew.

    Shape:  ``statement`` takes the ids above ``%(after)s``, up to ``%(till)s``
    """
    return RunPython(slicing(statement, table=table, size=size), RunPython.noop)


def slicing(statement: str, *, table: str, size: int = SLICE) -> Callable[[Any, Any], None]:
    find = f"SELECT max(id) FROM (SELECT id FROM {table} WHERE id > %s ORDER BY id LIMIT %s) ids"  # noqa: S608 - our own table

    def run(_apps: Any, editor: Any) -> None:
        after = 0
        with editor.connection.cursor() as cursor:
            while True:
                cursor.execute(find, [after, size])
                (till,) = cursor.fetchone()
                if till is None:
                    return
                cursor.execute(statement, {"after": after, "till": till})
                after = till

    return run
