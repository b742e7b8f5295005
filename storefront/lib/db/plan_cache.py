"""Plan cache: keep the server's query plans after a rollback or DDL, drop those that no longer fit.

psycopg deallocates all plans on rollback, and after commands such as DROP TABLE, because a plan
may use what the transaction created. Our statements use no table that comes and goes with a
session. Where many transactions roll back, as when the last units of a product are contested,
each rollback would make the connection plan everything again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import NotSupportedError
from psycopg._preparing import Prepare, PrepareManager
from psycopg.pq.abc import PGresult

FORGETS = re.compile(rb"(?:ALTER|DISCARD ALL|DEALLOCATE ALL)\b")


class _Lasting(PrepareManager):
    """Forgets what is planned only where a table is altered, or the server was told to.

    A release alters tables in a session of its own: see ``plan_cache.fitting``.
    """

    def clear(self) -> bool:
        """Keep it: whoever takes a transaction back asks for this."""
        return False

    def forget(self) -> bool:
        return super().clear()

    def _should_discard(
        self,
        prep: Prepare,  # noqa: ARG002 - psycopg's shape
        results: Sequence[PGresult],
        *_: Any,
    ) -> bool:
        words = (one.command_status or b"" for one in results)
        return any(FORGETS.match(word) for word in words) and self.forget()


def keep(session: psycopg.Connection[Any], *, met_often: int) -> None:
    """Plan what is met so often, and keep it.

    The manager of a connection is exchanged once only: it counts its statements to name them.
    """
    if not isinstance(session._prepared, _Lasting):  # noqa: SLF001 - psycopg has no word for it
        session._prepared = _Lasting()  # noqa: SLF001
        session.prepare_threshold = met_often


@contextmanager
def fitting(session: psycopg.Connection[Any]) -> Iterator[None]:
    """Forget all that is planned once the server says that a plan fits its table no more.

    A release may change a table under a session that lives: it fails once, and not until it ends.
    """
    try:
        yield
    except NotSupportedError:
        if isinstance(session._prepared, _Lasting):  # noqa: SLF001
            session._prepared.forget()  # noqa: SLF001
        raise
