"""Command output: print a health check, run a job and print its progress and usage."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

from django.core.management.base import CommandError, OutputWrapper

from suppliers.connections.health_check import HealthReport, Outcome
from suppliers.models import CallQuota, Supplier, SyncRun
from suppliers.sync import schedule
from suppliers.sync.runner import AlreadyRunningError, run_sync

OUTCOME_LABELS = {
    Outcome.GOOD: "ok",
    Outcome.BAD: "FAILED",
    Outcome.ABSENT: "-",
    Outcome.NOT_TRIED: "skipped",
}


def usage_lines(supplier: Supplier, runs: Sequence[SyncRun], *, now: datetime) -> Iterator[str]:
    """Yield a line with the calls by capability, and one per current or used quota."""
    calls = sum((Counter(run.calls) for run in runs), Counter[str]())
    points = sum((Counter(run.points) for run in runs), Counter[str]())
    by_capability = ", ".join(f"{count:,} {name}" for name, count in sorted(calls.items()))
    yield f"calls: {calls.total():,}{f' ({by_capability})' if by_capability else ''}"
    for quota in CallQuota.objects.filter(connection__supplier=supplier).order_by("name"):
        if quota.until > now or points[quota.name]:
            remaining = max(0, quota.total - quota.used)
            yield (
                f"{quota.name}: {points[quota.name]:,} used, {remaining:,} of {quota.total:,} left,"
                f" resets at {quota.until:%Y-%m-%d %H:%M:%S} UTC"
            )


def health_lines(report: HealthReport) -> Iterator[str]:
    capabilities = ", ".join(report.capabilities) or "nothing"
    yield f"{report.code} ({report.connector}) supports: {capabilities}"
    for step in report.steps:
        yield f"{OUTCOME_LABELS[step.outcome]:>9}  {step.name}: {step.message}"
        if step.advice:
            yield f"           -> {step.advice}"
    for suggestion in report.suggestions:
        yield f"     note  {suggestion}"
    yield "Ready. Nothing was ordered." if report.is_ready else "Not ready. Nothing was ordered."


def run_job(  # noqa: PLR0913 - the job's parameters, its output and times
    supplier: Supplier,
    kind: str,
    *,
    guards_waived_by: str,
    out: OutputWrapper,
    since: datetime,
    now: datetime,
) -> SyncRun:
    """Run one job, print its result. A list that a job read after ``since`` is not read again.

    Raises: CommandError  another worker runs it
    """
    started = time.monotonic()
    list_since = max(since, schedule.list_since(supplier, kind, now=now))
    try:
        run = run_sync(
            supplier=supplier,
            kind=kind,
            now=now,
            guards_waived_by=guards_waived_by,
            list_since=list_since,
        )
    except AlreadyRunningError as error:
        raise CommandError(f"Another worker runs this job: {error}") from error
    seconds = max(0.001, time.monotonic() - started)
    out.write(
        f"{kind}: {run.status} in {seconds:.1f} s: {run.read} read, {run.created} new,"
        f" {run.updated} changed, {run.unchanged} unchanged, {run.gone} discontinued,"
        f" {run.rejected} rejected ({run.read / seconds:.0f} rows/s)"
    )
    if run.deferred_rows:
        out.write(run.problem)
    return run
