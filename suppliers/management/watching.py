"""Read a supplier now, and show how it goes."""

from __future__ import annotations

import time
from datetime import datetime

from django.core.management.base import CommandError, OutputWrapper

from suppliers.models import FeedRun, Supplier
from suppliers.sync import schedule
from suppliers.sync.runner import AlreadyRunningError, take_in


def watch(  # noqa: PLR0913 - a job of somebody's, and who looks on
    supplier: Supplier,
    kind: str,
    *,
    believed_by: str,
    out: OutputWrapper,
    since: datetime,
    now: datetime,
) -> FeedRun:
    """Do one job. Of all that are done since then, one walks the list for the others.

    Raises: CommandError  somebody else does it
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
        raise CommandError(f"Another worker is at it: {error}") from error
    seconds = max(0.001, time.monotonic() - started)
    say(
        f"{run.status}: {run.read} read, {run.created} new, {run.updated} changed, "
        f"{run.unchanged} unchanged, {run.gone} gone, {run.rejected} rejected "
        f"({run.read / seconds:.0f} rows/s)"
    )
    if run.remaining:
        say(run.problem)
    return run
