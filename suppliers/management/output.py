"""Command output: print the status of suppliers and a health check, run a job and print it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from django.core.management.base import CommandError, OutputWrapper

from suppliers.connections.health_check import Outcome, Trial
from suppliers.connections.overview import Budget, Standing
from suppliers.models import FeedRun, Supplier
from suppliers.sync import schedule
from suppliers.sync.runner import AlreadyRunningError, take_in

MARKS = {
    Outcome.GOOD: "ok",
    Outcome.BAD: "FAILED",
    Outcome.ABSENT: "-",
    Outcome.NOT_TRIED: "skipped",
}


def table(found: list[Standing], *, now: datetime) -> Iterator[str]:
    """Yield a line per supplier, followed by its runs, quotas and problems."""
    if not found:
        yield "No suppliers yet. Add one: manage.py supplier add --help"
    for standing in found:
        yield (
            f"{standing.code}  {standing.connector}  {standing.status}  {standing.health}"
            f"  stock confirmed {_ago(standing.stock_as_of, now)}"
        )
        if standing.problem:
            yield f"    error     {standing.problem}"
        if standing.rest_until:
            yield f"    paused    until {standing.rest_until:%Y-%m-%d %H:%M} UTC"
        for kind, run in standing.runs.items():
            applied = "" if run.status == "applied" else f", applied {_ago(run.applied_at, now)}"
            yield (
                f"    {kind:<9} {run.status} {_ago(run.started_at, now)}: {run.read} read,"
                f" {run.rejected} rejected{applied}{f'. {run.problem}' if run.problem else ''}"
            )
        for budget in standing.budgets:
            if budget.until:  # the others are full
                left = f"{budget.left} of {budget.total} left, resets at {budget.until:%H:%M} UTC"
                yield f"    quota     {budget.name}: {left}"
        yield f"    supports  {', '.join(standing.abilities) or 'nothing'}"


def used(runs: Sequence[FeedRun], budgets: Iterable[Budget]) -> Iterator[str]:
    """Yield a line with the calls by capability, and one per used quota."""
    calls = sum((Counter(run.calls) for run in runs), Counter[str]())
    points = sum((Counter(run.points) for run in runs), Counter[str]())
    by_ability = ", ".join(f"{count:,} {ability}" for ability, count in sorted(calls.items()))
    yield f"calls: {calls.total():,}{f' ({by_ability})' if by_ability else ''}"
    for budget in budgets:
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


def report(trial: Trial) -> Iterator[str]:
    """Yield the capabilities, then a line per step with its advice."""
    yield f"{trial.code} ({trial.connector}) supports: {', '.join(trial.abilities) or 'nothing'}"
    for step in trial.steps:
        yield f"{MARKS[step.outcome]:>9}  {step.name}: {step.told}"
        if step.advice:
            yield f"           -> {step.advice}"
    for wish in trial.wishes:
        yield f"     note  {wish}"
    yield "Ready. Nothing was ordered." if trial.is_good else "Not ready. Nothing was ordered."


# Progress of a job


def watch(  # noqa: PLR0913 - the job's parameters, its output and times
    supplier: Supplier,
    kind: str,
    *,
    believed_by: str,
    out: OutputWrapper,
    since: datetime,
    now: datetime,
) -> FeedRun:
    """Run one job. Jobs since ``since`` share one read of a list.

    Raises: CommandError  another worker runs it
    """
    started = time.monotonic()
    list_since = max(since, schedule.list_since(supplier, kind, now=now))

    def say(line: str) -> None:
        out.write(f"{kind}: {time.monotonic() - started:6.1f} s  {line}")
        out.flush()

    try:
        run = take_in(
            supplier=supplier,
            kind=kind,
            now=now,
            believed_by=believed_by,
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
    if run.remaining:
        say(run.problem)
    return run
