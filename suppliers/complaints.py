"""Keep what is wrong with a supplier's rows where staff can read it, and no longer than it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec
from django.db.models import Q

from catalog.records import BadRow
from storefront.lib.transactions import needs_transaction
from suppliers.models import FeedIssue, FeedRun

LONGEST_ROW = 80
LONGEST_CODE = 40
LONGEST_MESSAGE = 500
LONGEST_RAW = 4_000


class Family(StrEnum):
    """Which part of a supplier's answers an issue is about; its codes begin so."""

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


@needs_transaction
def note(*, run: FeedRun, problems: Sequence[BadRow]) -> None:
    """Open an issue for each problem, or renew the open one of the same row and code.

    Locks:  the open issues of the rows, in id order
    """
    wanted: dict[tuple[str, str], BadRow] = {}
    for problem in problems:
        wanted.setdefault((problem.row[:LONGEST_ROW], problem.code[:LONGEST_CODE]), problem)
    present = {
        (issue.row, issue.code): issue
        for issue in FeedIssue.objects.filter(
            supplier=run.supplier_id, row__in={row for row, _ in wanted}, resolved_at=None
        )
        .select_for_update(of=["self"])
        .order_by("pk")
    }
    again = [present[key] for key in wanted if key in present]
    for issue in again:
        _describe(issue, wanted[issue.row, issue.code], run)
    FeedIssue.objects.bulk_update(again, ["last_run", "severity", "message", "raw"])
    # Another job of the supplier may open the same issue at this moment.
    FeedIssue.objects.bulk_create(
        (
            _describe(
                FeedIssue(supplier_id=run.supplier_id, first_run=run, row=row, code=code),
                problem,
                run,
            )
            for (row, code), problem in wanted.items()
            if (row, code) not in present
        ),
        ignore_conflicts=True,
    )


def _describe(issue: FeedIssue, problem: BadRow, run: FeedRun) -> FeedIssue:
    issue.last_run = run
    issue.severity = FeedIssue.Severity.ERROR if problem.is_fatal else FeedIssue.Severity.WARNING
    issue.message = problem.message[:LONGEST_MESSAGE].replace("\x00", "")
    issue.raw = _kept(problem.raw)
    return issue


def _kept(raw: Any) -> Any:
    """Return the row as it came, as far as it fits; NUL has no place in PostgreSQL."""
    text = msgspec.json.encode(raw).decode().replace("\\u0000", "")
    if len(text) > LONGEST_RAW:
        return {"start": text[:LONGEST_RAW]}
    return msgspec.json.decode(text)


@needs_transaction
def resolve(
    *,
    run: FeedRun,
    family: Family,
    problems: Iterable[BadRow],
    now: datetime,
    examined: Iterable[str] | None = None,
) -> int:
    """Close the issues of one family that this run looked for again and did not find.

    Shape:  ``examined`` are the rows that were read again; None means all
    """
    still = {(problem.row[:LONGEST_ROW], problem.code[:LONGEST_CODE]) for problem in problems}
    open_ones = FeedIssue.objects.filter(family.condition(), supplier=run.supplier_id)
    open_ones = open_ones.filter(resolved_at=None)
    if examined is not None:
        open_ones = open_ones.filter(row__in=[row[:LONGEST_ROW] for row in examined])
    gone = [
        pk
        for pk, row, code in open_ones.values_list("pk", "row", "code")
        if (row, code) not in still
    ]
    return FeedIssue.objects.filter(pk__in=gone).update(resolved_at=now) if gone else 0


def dismiss(*, issue: FeedIssue, now: datetime) -> None:
    """Let a person close an issue; a feed that repeats its mistake opens a new one."""
    FeedIssue.objects.filter(pk=issue.pk, resolved_at=None).update(resolved_at=now)
