"""Ask a supplier now, and watch."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from suppliers.models import FeedRun, Supplier
from suppliers.sync import AlreadyRunningError, take_in

KINDS = [str(kind) for kind in FeedRun.Kind]


class Command(BaseCommand):
    help = "Read a supplier's products, prices and stock now."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("code", help="the supplier's code")
        parser.add_argument("--kind", choices=[*KINDS, "all"], default="all")
        parser.add_argument(
            "--believed-by",
            default="",
            metavar="NAME",
            help="apply what the guard would quarantine; NAME is kept with the run",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        supplier = (
            Supplier.objects.select_related("connection").filter(code=options["code"]).first()
        )
        if supplier is None:
            codes = ", ".join(Supplier.objects.order_by("code").values_list("code", flat=True))
            raise CommandError(f"No supplier is called {options['code']!r}. There are: {codes}")
        kinds = KINDS if options["kind"] == "all" else [options["kind"]]
        for kind in kinds:
            self._sync(supplier, kind, believed_by=options["believed_by"])

    def _sync(self, supplier: Supplier, kind: str, *, believed_by: str) -> None:
        started = time.monotonic()

        def say(line: str) -> None:
            self.stdout.write(f"{kind}: {time.monotonic() - started:6.1f} s  {line}")
            self.stdout.flush()

        try:
            run = take_in(
                supplier=supplier, kind=kind, now=timezone.now(), believed_by=believed_by, say=say
            )
        except AlreadyRunningError as error:
            raise CommandError(f"Another worker is at it: {error}") from error
        seconds = max(0.001, time.monotonic() - started)
        say(
            f"{run.status}: {run.read} read, {run.created} new, {run.updated} changed, "
            f"{run.unchanged} unchanged, {run.gone} gone, {run.rejected} rejected "
            f"({run.read / seconds:.0f} rows/s)"
        )
        if run.status != FeedRun.Status.APPLIED:
            raise CommandError(f"{kind} of {supplier}: {run.status}. {run.problem}")
