"""Sync issues: open, update, resolve and dismiss the issues of a supplier's rows."""

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

from catalog.records import ImportIssue
from storefront.lib.db.transactions import requires_transaction
from suppliers.models import SyncIssue, SyncRun
from suppliers.runs.runs import RunContext
from suppliers.runs.staging import run as sql

MAX_ROW_LENGTH = 80
MAX_CODE_LENGTH = 40
MAX_MESSAGE_LENGTH = 500
MAX_RAW_LENGTH = 4_000
MAX_OPEN_PER_CODE = 5_000
BATCH_SIZE = 1_000

COLUMNS = ("row", "code", "severity", "message", "raw")
# Another job of the supplier may open the same issue concurrently.
UPSERT = """
INSERT INTO suppliers_syncissue (
  supplier_id, first_run_id, last_run_id, row, code, severity, message, raw)
SELECT %(supplier)s, %(run)s, %(run)s, n.row, n.code, n.severity, n.message, n.raw::jsonb
FROM unnest(
  %(row)s::text[], %(code)s::text[], %(severity)s::text[], %(message)s::text[], %(raw)s::text[]
) WITH ORDINALITY AS n (row, code, severity, message, raw, position)
ORDER BY n.position
ON CONFLICT (supplier_id, row, code) WHERE resolved_at IS NULL DO UPDATE
SET last_run_id = EXCLUDED.last_run_id, severity = EXCLUDED.severity,
  message = EXCLUDED.message, raw = EXCLUDED.raw
"""
RESOLVE = """
WITH resolved AS (
  SELECT id FROM suppliers_syncissue WHERE id = ANY(%(ids)s) AND resolved_at IS NULL
  ORDER BY row, code FOR NO KEY UPDATE
)
UPDATE suppliers_syncissue i SET resolved_at = %(now)s FROM resolved WHERE i.id = resolved.id
"""


class IssueScope(StrEnum):
    """The part of a supplier's data that an issue is about: the prefix of its code."""

    LIST = "list-"
    COST = "cost-"
    STOCK = "stock-"
    ANSWER = "answer-"
    PAGE = ""

    def condition(self) -> Q:
        if self is not IssueScope.PAGE:
            return Q(code__startswith=self.value)
        others = Q()
        for scope in (IssueScope.LIST, IssueScope.COST, IssueScope.STOCK, IssueScope.ANSWER):
            others |= Q(code__startswith=scope.value)
        return ~others


@transaction.atomic(durable=True)
def sync(
    *,
    run_context: RunContext,
    scope: IssueScope,
    problems: Sequence[ImportIssue],
    examined: Iterable[str] | None = None,
) -> None:
    """Synchronize the open issues of one scope with what a run read.

    Runs in its own transaction, before the one that writes stock and prices: that one locks stock
    rows that checkouts wait for, and must be short.

    Shape: ``examined`` are the rows that were read; None means all
    Locks: the run (shared), then the issues, by row and code
    Raises: LeaseLostError  the run was closed
    """
    run_context.lock()
    now = run_context.clock()
    resolve(run=run_context.run, scope=scope, problems=problems, now=now, examined=examined)
    record(run=run_context.run, problems=problems)


@requires_transaction
def record(*, run: SyncRun, problems: Iterable[ImportIssue]) -> None:
    """Open an issue for each problem, or update the open one of the same row and code.

    Each supplier has at most ``MAX_OPEN_PER_CODE`` open issues per code; open ones are kept, new
    ones beyond the limit are dropped. The messages then state how many rows have the issue. To
    write more would take longer than to read the feed.

    Locks: the issues of the rows, by row and code
    """
    by_code: dict[str, dict[str, ImportIssue]] = defaultdict(dict)
    for problem in problems:
        by_code[problem.code[:MAX_CODE_LENGTH]].setdefault(problem.row[:MAX_ROW_LENGTH], problem)
    if not by_code:
        return
    present: dict[str, set[str]] = defaultdict(set)
    open_issues = SyncIssue.objects.filter(supplier=run.supplier_id, resolved_at=None)
    for row, code in open_issues.filter(code__in=by_code).values_list("row", "code"):
        present[code].add(row)
    issue_rows = [
        _issue_row(row, code, problem, count=len(of_code))
        for code, of_code in by_code.items()
        for row, problem in _limited(of_code, present[code])
    ]
    for batch in batched(sorted(issue_rows), BATCH_SIZE):
        params = dict(zip(COLUMNS, map(list, zip(*batch, strict=True)), strict=True))
        sql(UPSERT, {**params, "supplier": run.supplier_id, "run": run.pk})


def _limited(
    of_code: Mapping[str, ImportIssue], present: AbstractSet[str]
) -> Iterator[tuple[str, ImportIssue]]:
    """Yield the problems to store for one code: open ones first, then new ones up to the limit."""
    already_open = [row for row in of_code if row in present]
    new = (row for row in of_code if row not in present)
    remaining = max(0, MAX_OPEN_PER_CODE - len(present))
    for row in [*already_open[:MAX_OPEN_PER_CODE], *islice(new, remaining)]:
        yield row, of_code[row]


def _issue_row(row: str, code: str, problem: ImportIssue, *, count: int) -> tuple[str, ...]:
    severity = SyncIssue.Severity.ERROR if problem.is_fatal else SyncIssue.Severity.WARNING
    message = problem.message
    if count > MAX_OPEN_PER_CODE:
        how_many = f" {count} rows have this issue; {MAX_OPEN_PER_CODE} are stored."
        message = message[: MAX_MESSAGE_LENGTH - len(how_many)] + how_many
    message = message[:MAX_MESSAGE_LENGTH].replace("\x00", "")
    return row, code, severity.value, message, _raw_json(problem.raw)


def _raw_json(raw: Mapping[str, Any]) -> str:
    """Return the raw row as JSON, truncated, without NUL characters (PostgreSQL rejects them)."""
    text = msgspec.json.encode(dict(raw)).decode().replace("\\u0000", "")
    if len(text) <= MAX_RAW_LENGTH:
        return text
    return msgspec.json.encode({"start": text[:MAX_RAW_LENGTH]}).decode()


@requires_transaction
def resolve(
    *,
    run: SyncRun,
    scope: IssueScope,
    problems: Iterable[ImportIssue],
    now: datetime,
    examined: Iterable[str] | None = None,
) -> int:
    """Resolve the issues of one scope that this run checked and did not find again.

    Shape: ``examined`` are the rows that were read; None means all
    Locks: the resolved issues, by row and code
    """
    unresolved = {
        (problem.row[:MAX_ROW_LENGTH], problem.code[:MAX_CODE_LENGTH]) for problem in problems
    }
    read = None if examined is None else {row[:MAX_ROW_LENGTH] for row in examined}
    open_issues = SyncIssue.objects.filter(scope.condition(), supplier=run.supplier_id)
    if read is not None and len(read) <= BATCH_SIZE:
        open_issues = open_issues.filter(row__in=read)
    resolved_ids = [
        pk
        for pk, row, code in open_issues.filter(resolved_at=None).values_list("pk", "row", "code")
        if (row, code) not in unresolved and (read is None or row in read)
    ]
    return sql(RESOLVE, {"ids": resolved_ids, "now": now}) if resolved_ids else 0


def dismiss(*, issue: SyncIssue, now: datetime) -> None:
    """Resolve an issue by hand. If the problem returns, a new issue opens."""
    SyncIssue.objects.filter(pk=issue.pk, resolved_at=None).update(resolved_at=now)
