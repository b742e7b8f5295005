"""Sync issues: open, update, resolve and dismiss the issues of a supplier's rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from enum import StrEnum
from itertools import batched, islice
from typing import Any

import msgspec
from django.db import transaction
from django.db.models import Q

from catalog.records import BadRow
from storefront.lib.db.transactions import needs_transaction
from suppliers.models import FeedIssue, FeedRun
from suppliers.runs.runs import Work
from suppliers.runs.staging import run as sql

LONGEST_ROW = 80
LONGEST_CODE = 40
LONGEST_MESSAGE = 500
LONGEST_RAW = 4_000
MOST_OF_A_CODE = 5_000
AT_ONCE = 1_000

CELLS = ("row", "code", "severity", "message", "raw")
# Another job of the supplier may open the same issue concurrently.
NOTE = """
INSERT INTO suppliers_feedissue (
  supplier_id, first_run_id, last_run_id, row, code, severity, message, raw)
SELECT %(supplier)s, %(run)s, %(run)s, n.row, n.code, n.severity, n.message, n.raw::jsonb
FROM unnest(
  %(row)s::text[], %(code)s::text[], %(severity)s::text[], %(message)s::text[], %(raw)s::text[]
) WITH ORDINALITY AS n (row, code, severity, message, raw, place)
ORDER BY n.place
ON CONFLICT (supplier_id, row, code) WHERE resolved_at IS NULL DO UPDATE
SET last_run_id = EXCLUDED.last_run_id, severity = EXCLUDED.severity,
  message = EXCLUDED.message, raw = EXCLUDED.raw
"""
RESOLVE = """
WITH gone AS (
  SELECT id FROM suppliers_feedissue WHERE id = ANY(%(gone)s) AND resolved_at IS NULL
  ORDER BY row, code FOR NO KEY UPDATE
)
UPDATE suppliers_feedissue i SET resolved_at = %(now)s FROM gone WHERE i.id = gone.id
"""


class Family(StrEnum):
    """The part of a supplier's data that an issue is about: the prefix of its code."""

    LIST = "list-"
    COST = "cost-"
    STOCK = "stock-"
    ANSWER = "answer-"
    PAGE = ""

    def condition(self) -> Q:
        if self is not Family.PAGE:
            return Q(code__startswith=self.value)
        others = Q()
        for family in (Family.LIST, Family.COST, Family.STOCK, Family.ANSWER):
            others |= Q(code__startswith=family.value)
        return ~others


@transaction.atomic(durable=True)
def tell(
    *,
    work: Work,
    family: Family,
    problems: Sequence[BadRow],
    examined: Iterable[str] | None = None,
) -> None:
    """Synchronize the open issues of one family with what a run read.

    A transaction before that of the run's values: the lock on thousands of stock rows that
    customers need must not last while issues are written.

    Shape: ``examined`` are the rows that were read; None means all
    Locks: the run (shared), then the issues, by row and code
    Raises: LeaseLostError  the run was closed
    """
    work.hold()
    now = work.moment()
    resolve(run=work.run, family=family, problems=problems, now=now, examined=examined)
    note(run=work.run, problems=problems)


@needs_transaction
def note(*, run: FeedRun, problems: Iterable[BadRow]) -> None:
    """Open an issue for each problem, or update the open one of the same row and code.

    Per supplier and code at most ``MOST_OF_A_CODE`` issues are open, existing ones first. The
    messages then state the full number. Writing more would take longer than reading the feed.

    Locks: the issues of the rows, by row and code
    """
    wanted: dict[str, dict[str, BadRow]] = defaultdict(dict)
    for problem in problems:
        wanted[problem.code[:LONGEST_CODE]].setdefault(problem.row[:LONGEST_ROW], problem)
    if not wanted:
        return
    present: dict[str, set[str]] = defaultdict(set)
    open_ones = FeedIssue.objects.filter(supplier=run.supplier_id, resolved_at=None)
    for row, code in open_ones.filter(code__in=wanted).values_list("row", "code"):
        present[code].add(row)
    kept = [
        _cells(row, code, problem, count=len(of_code))
        for code, of_code in wanted.items()
        for row, problem in _chosen(of_code, present[code])
    ]
    for some in batched(sorted(kept), AT_ONCE):
        params = dict(zip(CELLS, map(list, zip(*some, strict=True)), strict=True))
        sql(NOTE, {**params, "supplier": run.supplier_id, "run": run.pk})


def _chosen(
    of_code: Mapping[str, BadRow], present: AbstractSet[str]
) -> Iterator[tuple[str, BadRow]]:
    """Yield the problems to store for one code: open ones first, then new ones up to the limit."""
    again = [row for row in of_code if row in present]
    new = (row for row in of_code if row not in present)
    room = max(0, MOST_OF_A_CODE - len(present))
    for row in [*again[:MOST_OF_A_CODE], *islice(new, room)]:
        yield row, of_code[row]


def _cells(row: str, code: str, problem: BadRow, *, count: int) -> tuple[str, ...]:
    severity = FeedIssue.Severity.ERROR if problem.is_fatal else FeedIssue.Severity.WARNING
    message = problem.message
    if count > MOST_OF_A_CODE:
        how_many = f" {count} rows have this issue; {MOST_OF_A_CODE} are stored."
        message = message[: LONGEST_MESSAGE - len(how_many)] + how_many
    message = message[:LONGEST_MESSAGE].replace("\x00", "")
    return row, code, severity.value, message, _kept(problem.raw)


def _kept(raw: Any) -> str:
    """Return the raw row as JSON, truncated, without NUL characters (PostgreSQL rejects them)."""
    text = msgspec.json.encode(raw).decode().replace("\\u0000", "")
    if len(text) <= LONGEST_RAW:
        return text
    return msgspec.json.encode({"start": text[:LONGEST_RAW]}).decode()


@needs_transaction
def resolve(
    *,
    run: FeedRun,
    family: Family,
    problems: Iterable[BadRow],
    now: datetime,
    examined: Iterable[str] | None = None,
) -> int:
    """Resolve the issues of one family that this run checked and did not find again.

    Shape: ``examined`` are the rows that were read; None means all
    Locks: the resolved issues, by row and code
    """
    still = {(problem.row[:LONGEST_ROW], problem.code[:LONGEST_CODE]) for problem in problems}
    read = None if examined is None else {row[:LONGEST_ROW] for row in examined}
    open_ones = FeedIssue.objects.filter(family.condition(), supplier=run.supplier_id)
    if read is not None and len(read) <= AT_ONCE:
        open_ones = open_ones.filter(row__in=read)
    gone = [
        pk
        for pk, row, code in open_ones.filter(resolved_at=None).values_list("pk", "row", "code")
        if (row, code) not in still and (read is None or row in read)
    ]
    return sql(RESOLVE, {"gone": gone, "now": now}) if gone else 0


def dismiss(*, issue: FeedIssue, now: datetime) -> None:
    """Resolve an issue by hand. If the problem returns, a new issue opens."""
    FeedIssue.objects.filter(pk=issue.pk, resolved_at=None).update(resolved_at=now)
