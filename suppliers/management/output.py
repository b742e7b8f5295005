"""Command output: print the status of suppliers and a health check, run a job and print it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from django.core.management.base import CommandError, OutputWrapper

from suppliers.connections.health_check import HealthReport, Outcome
from suppliers.connections.overview import QuotaStatus, SupplierStatus
from suppliers.models import Supplier, SyncRun
from suppliers.sync import schedule
from suppliers.sync.runner import AlreadyRunningError, run_sync

OUTCOME_LABELS = {
    Outcome.GOOD: "ok",
    Outcome.BAD: "FAILED",
    Outcome.ABSENT: "-",
    Outcome.NOT_TRIED: "skipped",
}


def status_lines(found: list[SupplierStatus], *, now: datetime) -> Iterator[str]:
    """Yield a line per supplier, followed by its runs, quotas and problems."""
    if not found:
        yield "No suppliers yet. Add one: manage.py supplier add --help"
    for standing in found:
        yield (
            f"{standing.code}  {standing.connector}  {standing.status}  {standing.health}"
            f"  stock confirmed {_ago(standing.stock_confirmed_at, now)}"
        )
        if standing.problem:
            yield f"    error     {standing.problem}"
        if standing.paused_until:
            yield f"    paused    until {standing.paused_until:%Y-%m-%d %H:%M} UTC"
        for kind, run in standing.runs.items():
            applied = "" if run.status == "applied" else f", applied {_ago(run.applied_at, now)}"
            yield (
                f"    {kind:<9} {run.status} {_ago(run.started_at, now)}: {run.read} read,"
                f" {run.rejected} rejected{applied}{f'. {run.problem}' if run.problem else ''}"
            )
        for budget in standing.quotas:
            if budget.until:  # the others are full
                left = f"{budget.left} of {budget.total} left, resets at {budget.until:%H:%M} UTC"
                yield f"    quota     {budget.name}: {left}"
        yield f"    supports  {', '.join(standing.capabilities) or 'nothing'}"


def usage_lines(runs: Sequence[SyncRun], quotas: Iterable[QuotaStatus]) -> Iterator[str]:
    """Yield a line with the calls by capability, and one per used quota."""
    calls = sum((Counter(run.calls) for run in runs), Counter[str]())
    points = sum((Counter(run.points) for run in runs), Counter[str]())
    by_ability = ", ".join(f"{count:,} {ability}" for ability, count in sorted(calls.items()))
    yield f"calls: {calls.total():,}{f' ({by_ability})' if by_ability else ''}"
    for budget in quotas:
        if budget.until or points[budget.name]:
            until = f", resets at {budget.until:%Y-%m-%d %H:%M:%S} UTC" if budget.until else ""
            yield (
                f"{budget.name}: {points[budget.name]:,} used,"
                f" {budget.left:,} of {budget.total:,} left{until}"
            )


def _ago(moment: datetime | None, now: datetime) -> str:
    if moment is None:
        return "never"
    minutes = max(0, int((now - moment).total_seconds() // 60))
    if minutes < 120:  # noqa: PLR2004 - up to two hours in minutes
        return f"{minutes} min ago"
    return f"{minutes // 60} h ago"


def health_lines(trial: HealthReport) -> Iterator[str]:
    """Yield the capabilities, then a line per step with its advice."""
    yield f"{trial.code} ({trial.connector}) supports: {', '.join(trial.capabilities) or 'nothing'}"
    for step in trial.steps:
        yield f"{OUTCOME_LABELS[step.outcome]:>9}  {step.name}: {step.told}"
        if step.advice:
            yield f"           -> {step.advice}"
    for wish in trial.suggestions:
        yield f"     note  {wish}"
    yield "Ready. Nothing was ordered." if trial.is_ready else "Not ready. Nothing was ordered."


# Progress of a job


def run_job(  # noqa: PLR0913 - the job's parameters, its output and times
    supplier: Supplier,
    kind: str,
    *,
    guards_waived_by: str,
    out: OutputWrapper,
    since: datetime,
    now: datetime,
) -> SyncRun:
    """Run one job. Jobs since ``since`` share one read of a list.

    Raises: CommandError  another worker runs it
    """
    started = time.monotonic()
    list_since = max(since, schedule.list_since(supplier, kind, now=now))

    def say(line: str) -> None:
        out.write(f"{kind}: {time.monotonic() - started:6.1f} s  {line}")
        out.flush()

    try:
        run = run_sync(
            supplier=supplier,
            kind=kind,
            now=now,
            guards_waived_by=guards_waived_by,
            list_since=list_since,
            say=say,
        )
    except AlreadyRunningError as error:
        raise CommandError(f"Another worker runs this job: {error}") from error
    seconds = max(0.001, time.monotonic() - started)
    say(
        f"{run.status}: {run.read} read, {run.created} new, {run.updated} changed, "
        f"{run.unchanged} unchanged, {run.gone} discontinued, {run.rejected} rejected "
        f"({run.read / seconds:.0f} rows/s)"
    )
    if run.deferred_rows:
        say(run.problem)
    return run
