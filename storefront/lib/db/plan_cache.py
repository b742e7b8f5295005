"""Let what the server has planned outlive a transaction that is taken back, and a table that goes.

psycopg throws all of it away then: the statements could speak of what was made within, or is made
anew in another shape. Ours speak of nothing that comes and goes with a session. Where many are
refused, as at the last units of a light, each refusal would have the connection plan all anew.
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
