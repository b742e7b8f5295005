"""Internals: the only uses of private attributes of Django and psycopg.

A test fails with other versions than ``TESTED_VERSIONS``, so that an upgrade checks each function
here.

Plans: psycopg deallocates all plans on rollback and after commands such as DROP TABLE, because a
plan may use what the transaction created. The shop's prepared statements use nothing of that kind,
so their plans are kept. Otherwise, when buyers race for the last units of a product, each rollback
would make its connection plan everything again.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import NotSupportedError
from psycopg._preparing import Prepare, PrepareManager
from psycopg.pq.abc import PGresult

TESTED_VERSIONS = {"django": "6.1.3", "psycopg": "3.3.9"}
INVALIDATING_COMMANDS = re.compile(rb"(?:ALTER|DISCARD ALL|DEALLOCATE ALL)\b")


class _PersistentPrepareManager(PrepareManager):
    """Prepare manager that discards plans only after ALTER, DISCARD ALL or DEALLOCATE ALL.

    A release alters tables in another session: see ``discard_stale_plans``.
    """

    def clear(self) -> bool:
        """Keep the plans; psycopg calls this on rollback."""
        return False

    def forget(self) -> bool:
        return super().clear()

    def _should_discard(
        self,
        prep: Prepare,  # noqa: ARG002 - signature of psycopg
        results: Sequence[PGresult],
        *_: Any,
    ) -> bool:
        commands = (result.command_status or b"" for result in results)
        return any(INVALIDATING_COMMANDS.match(command) for command in commands) and self.forget()


def keep_plans(session: psycopg.Connection[Any], *, prepare_after: int) -> None:
    """Prepare statements after ``prepare_after`` executions, and keep their plans.

    The manager is replaced only once per connection, because it numbers its statements.
    """
    if not isinstance(session._prepared, _PersistentPrepareManager):  # noqa: SLF001 - psycopg has no public name
        session._prepared = _PersistentPrepareManager()  # noqa: SLF001
        session.prepare_threshold = prepare_after


@contextmanager
def discard_stale_plans(session: psycopg.Connection[Any]) -> Iterator[None]:
    """Discard all plans if the server reports that a cached plan no longer fits its table.

    A release may alter a table while sessions are open: one query of each session then fails.
    """
    try:
        yield
    except NotSupportedError:
        if isinstance(session._prepared, _PersistentPrepareManager):  # noqa: SLF001
            session._prepared.forget()  # noqa: SLF001
        raise


def logged(connection: Any, cursor: Any) -> Any:
    """Wrap a cursor as Django wraps its own, so that its queries are logged and counted."""
    return connection._prepare_cursor(cursor)  # noqa: SLF001


def is_of_test_case(block: Any) -> bool:
    """Return whether an ``atomic`` block is the wrapping transaction of a test case."""
    return bool(getattr(block, "_from_testcase", False))
