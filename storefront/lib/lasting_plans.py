"""Let what the server has planned outlive a transaction that is taken back.

psycopg throws all of it away then: something could have been made within that the statements
speak of. Nothing of ours is. Where many are refused, as at the last units of a light, each refusal
would have the connection plan everything anew.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg._preparing import Prepare, PrepareManager
from psycopg.pq.abc import PGresult

CHANGES_SHAPES = re.compile(rb"(?:DROP|ALTER|DISCARD ALL|DEALLOCATE ALL)\b")


class _Lasting(PrepareManager):
    """Forgets what is planned only once an object is dropped or altered on its connection."""

    def clear(self) -> bool:
        """Keep it: whoever takes a transaction back asks for this."""
        return False

    def _should_discard(
        self,
        prep: Prepare,  # noqa: ARG002 - psycopg's shape
        results: Sequence[PGresult],
        *_: Any,
    ) -> bool:
        words = (one.command_status or b"" for one in results)
        return any(CHANGES_SHAPES.match(word) for word in words) and super().clear()


def keep(session: psycopg.Connection[Any], *, met_often: int) -> None:
    """Plan what is met so often, and keep it.

    The manager of a connection is exchanged once only: it counts its statements to name them.
    """
    if not isinstance(session._prepared, _Lasting):  # noqa: SLF001 - psycopg has no word for it
        session._prepared = _Lasting()  # noqa: SLF001
        session.prepare_threshold = met_often
