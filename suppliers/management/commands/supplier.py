"""Supplier command: add, show, check, sync, review and pause suppliers."""

from __future__ import annotations

import dataclasses
import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterable
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from storefront.lib.http.errors import ExternalServiceError
from storefront.lib.state_machine import ConcurrentUpdateError, InvalidTransitionError
from suppliers.compliance import vetting
from suppliers.connections import health_check, overview, setup
from suppliers.inventory import publication
from suppliers.management import arguments, files, output, runs
from suppliers.management.output import run_job
from suppliers.models import Supplier, SyncRun
from suppliers.sync import schedule

KINDS = [str(kind) for kind in SyncRun.Kind]
ACTOR = "manage.py supplier"
Status = Supplier.Status


class Command(BaseCommand):
    """Add, list, check, sync, pause or block suppliers; review and roll back their runs."""

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")

        def verb(name: str, words: str, *, has_code: bool = True) -> ArgumentParser:
            found: ArgumentParser = verbs.add_parser(name, help=words, description=words)
            if has_code:
                found.add_argument("code", help="the supplier's code")
            return found

        arguments.add_arguments(
            verb("add", "add a supplier, or change its settings", has_code=False)
        )
        listed = verb("list", "list suppliers with status, last runs and quotas", has_code=False)
        listed.add_argument("--json", action="store_true", dest="as_json")
        checked = verb("check", "check the connection with the real keys; nothing is ordered")
        checked.add_argument("--json", action="store_true", dest="as_json")
        synced = verb("sync", "sync products, prices and stock now")
        synced.add_argument("--kind", choices=[*KINDS, "all"], default="all")
        synced.add_argument(
            "--guards-waived-by",
            default="",
            metavar="NAME",
            help="apply the run even if a check would quarantine it; NAME is stored with the run",
        )
        for name, words in (
            ("pause", "pause: send no orders for now"),
            ("block", "block: send no orders any more"),
        ):
            verb(name, words).add_argument("--reason", required=True)
        resumed = verb("resume", "activate a supplier that has passed its review, or reactivate it")
        resumed.add_argument("--reason", default="")
        runs.add_arguments(verb)
        files.add_arguments(verb)
        verb("reprice", "recalculate its prices with the current rules and exchange rates")

    def handle(self, *_args: Any, **options: Any) -> None:
        getattr(self, f"_{options['verb']}")(options)

    def _add(self, options: dict[str, Any]) -> None:
        try:
            wish = arguments.parse_input(options, stdin=sys.stdin.read)
            supplier, is_new = setup.save_supplier(
                code=options["code"], wish=wish, now=timezone.now()
            )
        except arguments.InvalidArgumentError as error:
            raise CommandError(str(error)) from error
        except setup.InvalidSetupError as error:
            lines = "\n".join(f"  {name}: {words}" for name, words in error.reasons.items())
            raise CommandError(f"{options['code']} was not saved:\n{lines}") from error
        said = "added as a candidate" if is_new else "changed"
        self.stdout.write(f"{supplier.code} ({supplier.adapter}): {said}.")
        self.stdout.write(f"Next: manage.py supplier check {supplier.code}")

    def _list(self, options: dict[str, Any]) -> None:
        found = overview.list_statuses(now=timezone.now())
        if options["as_json"]:
            rows = [dataclasses.asdict(standing) for standing in found]
            self.stdout.write(json.dumps(rows, indent=2, cls=DjangoJSONEncoder))
            return
        for line in output.status_lines(found, now=timezone.now()):
            self.stdout.write(line)

    def _check(self, options: dict[str, Any]) -> None:
        trial = health_check.run(supplier=self._supplier(options), now=timezone.now())
        if options["as_json"]:
            self.stdout.write(json.dumps(trial.written(), indent=2))
        else:
            for line in output.health_lines(trial):
                self.stdout.write(line)
        if not trial.is_ready:
            raise CommandError(f"{trial.code} is not ready.", returncode=1)

    def _sync(self, options: dict[str, Any]) -> None:
        supplier = self._supplier(options)
        runs: list[SyncRun] = []
        words = {"guards_waived_by": options["guards_waived_by"], "out": self.stdout}
        began = timezone.now()
        try:
            is_all = options["kind"] == "all"
            for kind in schedule.job_order(supplier) if is_all else [options["kind"]]:
                runs.append(run_job(supplier, kind, since=began, now=timezone.now(), **words))
                if runs[-1].status != SyncRun.Status.APPLIED:
                    problem = f"{runs[-1].status}. {runs[-1].problem}"
                    raise CommandError(f"{kind} of {supplier}: {problem}")
        finally:
            quotas = overview.quotas_of(supplier, now=timezone.now())
            self._tell(output.usage_lines(runs, quotas))

    def _pause(self, options: dict[str, Any]) -> None:
        self._decide(options, vetting.pause)

    def _block(self, options: dict[str, Any]) -> None:
        self._decide(options, vetting.block)

    def _resume(self, options: dict[str, Any]) -> None:
        supplier = self._supplier(options)
        if supplier.status == Status.CANDIDATE:
            self._decide(options, vetting.start)
        self._decide(options, vetting.activate)

    def _reprice(self, options: dict[str, Any]) -> None:
        publication.reprice(supplier=self._supplier(options))
        self.stdout.write("Queued. The prices change within minutes.")

    def _runs(self, options: dict[str, Any]) -> None:
        self._tell(runs.list_runs(self._supplier(options), options))

    def _apply(self, options: dict[str, Any]) -> None:
        self._tell(runs.apply(options, actor=ACTOR, now=timezone.now()))

    def _discard(self, options: dict[str, Any]) -> None:
        self._tell(runs.discard(options, actor=ACTOR, now=timezone.now()))

    def _rollback(self, options: dict[str, Any]) -> None:
        self._tell(runs.roll_back(options, actor=ACTOR, now=timezone.now()))

    def _mapping(self, options: dict[str, Any]) -> None:
        supplier, now = self._supplier(options), timezone.now()
        self._tell(
            files.handle_mapping(supplier, options, stdin=sys.stdin.read, actor=ACTOR, now=now)
        )

    def _upload(self, options: dict[str, Any]) -> None:
        self._tell(files.upload(self._supplier(options), options, actor=ACTOR, now=timezone.now()))

    def _tell(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.stdout.write(line)

    def _decide(self, options: dict[str, Any], decide: Any) -> None:
        supplier = self._supplier(options)
        words = {"actor": ACTOR, "reason": options["reason"]}
        try:
            decide(supplier=supplier, now=timezone.now(), **words)
        except (
            vetting.NotVettedError,
            InvalidTransitionError,
            ConcurrentUpdateError,
            ExternalServiceError,
        ) as error:
            raise CommandError(f"{supplier.code} is {supplier.status}. {error}") from error
        self.stdout.write(f"{supplier.code} is {supplier.status}.")

    @staticmethod
    def _supplier(options: dict[str, Any]) -> Supplier:
        found = Supplier.objects.select_related("connection").filter(code=options["code"]).first()
        if found is None:
            codes = ", ".join(Supplier.objects.order_by("code").values_list("code", flat=True))
            raise CommandError(f"Unknown supplier {options['code']!r}. Available: {codes}")
        return found
