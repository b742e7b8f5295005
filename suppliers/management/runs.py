"""Run commands: list a supplier's runs, apply, discard or roll back a run."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from django.core.management.base import CommandError
from django.core.serializers.json import DjangoJSONEncoder

from storefront.lib.state_machine import ConcurrentUpdateError, InvalidTransitionError
from suppliers.models import Supplier, SyncRun
from suppliers.quarantine import review, rollback

MAX_RUNS = 20
JSON_FIELDS = (
    "id", "kind", "status", "started_at", "ended_at", "read", "created", "updated", "unchanged",
    "gone", "rejected", "deferred_rows", "problem", "guards_waived_by", "decided_by", "calls", "points",
)  # fmt: skip
STALE_ERRORS = (InvalidTransitionError, ConcurrentUpdateError)


def add_arguments(verb: Callable[..., ArgumentParser]) -> None:
    told = verb("runs", f"list the newest {MAX_RUNS} sync runs")
    told.add_argument("--json", action="store_true", dest="as_json")
    told.add_argument("--status", choices=SyncRun.Status.values)
    for name, words in (
        ("apply", "apply the changes of a quarantined run"),
        ("discard", "discard the changes of a quarantined run"),
        ("rollback", "restore the values that a price or stock run changed"),
    ):
        parser = verb(name, words, has_code=False)
        parser.add_argument("run", type=int, help="ID of the run")
        if name == "rollback":
            parser.add_argument("--reason", required=True)


def list_runs(supplier: Supplier, options: dict[str, Any]) -> Iterator[str]:
    """Yield one line per run, the newest first; with ``as_json`` one JSON document."""
    runs = SyncRun.objects.filter(supplier=supplier).order_by("-pk")
    if options["status"]:
        runs = runs.filter(status=options["status"])
    if options["as_json"]:
        yield json.dumps(
            list(runs[:MAX_RUNS].values(*JSON_FIELDS)), indent=2, cls=DjangoJSONEncoder
        )
        return
    for run in runs[:MAX_RUNS]:
        yield (
            f"{run.pk:>8}  {run.started_at:%Y-%m-%d %H:%M}  {run.kind:<8}  {run.status:<11}"
            f"  {run.read} read, {run.created} new, {run.updated} changed, {run.gone} gone"
            f"{f'. {run.problem}' if run.problem else ''}"
        )


def apply(options: dict[str, Any], *, actor: str, now: datetime) -> Iterator[str]:
    run = _run(options)
    try:
        decided = review.apply(sync_run=run, actor=actor, now=now)
    except STALE_ERRORS as error:
        raise CommandError(f"Run {run.pk} is {run.status}. {error}") from error
    yield f"{decided.done} changes applied. {decided.left} skipped: newer values exist."


def discard(options: dict[str, Any], *, actor: str, now: datetime) -> Iterator[str]:
    run = _run(options)
    try:
        review.discard(sync_run=run, actor=actor, now=now)
    except STALE_ERRORS as error:
        raise CommandError(f"Run {run.pk} is {run.status}. {error}") from error
    yield "Discarded. Nothing was applied. The next run is checked again."


def roll_back(options: dict[str, Any], *, actor: str, now: datetime) -> Iterator[str]:
    run = _run(options)
    words = {"actor": actor, "reason": options["reason"]}
    try:
        undone = rollback.roll_back(sync_run=run, now=now, **words)
    except (rollback.NotReversibleError, *STALE_ERRORS) as error:
        raise CommandError(f"Run {run.pk} is {run.status}. {error}") from error
    yield f"{undone.done} values restored. {undone.left} skipped: newer values exist."
    if undone.waiting:
        yield f"{undone.waiting} follow within a minute, after sales are subtracted."


def _run(options: dict[str, Any]) -> SyncRun:
    run = SyncRun.objects.select_related("supplier").filter(pk=options["run"]).first()
    if run is None:
        raise CommandError(f"Run {options['run']} does not exist.")
    return run
