"""Count how fast a supplier answers: a few rows a day, whatever the number of calls."""

from __future__ import annotations

import logging
import time
from collections import Counter
from typing import Any

from django.db import DatabaseError, connection

from storefront.lib.http.observers import Call, Gate, Outcome
from suppliers.scorecards import statistics

log = logging.getLogger(__name__)

KEEP_EVERY_S = 60.0

# The buckets are written in one order by everybody. The clock is the database's.
_ADD = """
INSERT INTO suppliers_answertally AS t (supplier_id, "on", ceiling_ms, count)
SELECT %(supplier)s, (now() AT TIME ZONE 'UTC')::date, counted.ceiling_ms, counted.count
FROM unnest(%(ceilings)s::int[], %(counts)s::int[]) AS counted(ceiling_ms, count)
ORDER BY counted.ceiling_ms
ON CONFLICT (supplier_id, "on", ceiling_ms) DO UPDATE SET count = t.count + excluded.count
"""


class TimedGate:
    """A gate that also counts how long each call took, and writes it down now and then.

    Calls never happen inside a transaction, so neither does the writing. What it counts is a
    sample: a worker that is killed takes at most a minute of it along.
    """

    def __init__(self, gate: Gate, *, supplier_id: int) -> None:
        self._gate = gate
        self._supplier_id = supplier_id
        self._counts: Counter[int] = Counter()
        self._kept_at = time.monotonic()

    def enter(self, call: Call) -> None:
        self._gate.enter(call)

    def goes_on(self, call: Call) -> None:
        self._gate.goes_on(call)

    def leave(self, call: Call, outcome: Outcome) -> None:
        self._gate.leave(call, outcome)
        if outcome.is_cut_short:
            return
        is_answered = outcome.status is not None and outcome.status < 500  # noqa: PLR2004 - HTTP
        self._counts[statistics.bucket_of(outcome.milliseconds) if is_answered else 0] += 1
        if time.monotonic() - self._kept_at >= KEEP_EVERY_S:
            self.keep()

    def keep(self) -> None:
        """Write down what was counted; that it fails is no reason for the call to fail."""
        self._kept_at = time.monotonic()
        counted, self._counts = sorted(self._counts.items()), Counter()
        if not counted:
            return
        params: dict[str, Any] = {
            "supplier": self._supplier_id,
            "ceilings": [ceiling for ceiling, _ in counted],
            "counts": [count for _, count in counted],
        }
        try:
            with connection.cursor() as cursor:
                cursor.execute(_ADD, params)
        except DatabaseError:
            log.exception("answer times of supplier %s are lost", self._supplier_id)
