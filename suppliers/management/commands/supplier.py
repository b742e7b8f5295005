"""Supplier command: add, check and sync suppliers from scripts."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from suppliers.connections import health_check, setup
from suppliers.management import arguments, output
from suppliers.management.output import run_job
from suppliers.models import Supplier, SyncRun
from suppliers.sync import schedule

KINDS = [str(kind) for kind in SyncRun.Kind]


class Command(BaseCommand):
    """Add, check or sync a supplier from a script. Everything else is done in the admin."""

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")

        arguments.add_arguments(
            verbs.add_parser("add", help="add a supplier, or change its settings")
        )
        checked = verbs.add_parser(
            "check", help="check the connection with the real keys; nothing is ordered"
        )
        checked.add_argument("code")
        checked.add_argument("--json", action="store_true", dest="as_json")
        synced = verbs.add_parser("sync", help="sync products, prices and stock now")
        synced.add_argument("code")
        synced.add_argument("--kind", choices=[*KINDS, "all"], default="all")
        synced.add_argument(
            "--guards-waived-by",
            default="",
            metavar="NAME",
            help="apply the run even if a check would quarantine it; NAME is stored with the run",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        getattr(self, f"_{options['verb']}")(options)

    def _add(self, options: dict[str, Any]) -> None:
        try:
            supplier_input = arguments.parse_input(options, stdin=sys.stdin.read)
            supplier, is_new = setup.save_supplier(
                code=options["code"], supplier_input=supplier_input, now=timezone.now()
            )
        except arguments.InvalidArgumentError as error:
            raise CommandError(str(error)) from error
        except setup.InvalidSetupError as error:
            lines = "\n".join(f"  {name}: {reason}" for name, reason in error.reasons.items())
            raise CommandError(f"{options['code']} was not saved:\n{lines}") from error
        result = "added as a candidate" if is_new else "changed"
        self.stdout.write(f"{supplier.code} ({supplier.adapter}): {result}.")
        self.stdout.write(f"Next: manage.py supplier check {supplier.code}")

    def _check(self, options: dict[str, Any]) -> None:
        report = health_check.run(supplier=self._supplier(options), now=timezone.now())
        if options["as_json"]:
            self.stdout.write(json.dumps(report.to_dict(), indent=2))
        else:
            for line in output.health_lines(report):
                self.stdout.write(line)
        if not report.is_ready:
            raise CommandError(f"{report.code} is not ready.", returncode=1)

    def _sync(self, options: dict[str, Any]) -> None:
        supplier = self._supplier(options)
        runs: list[SyncRun] = []
        job_options = {"guards_waived_by": options["guards_waived_by"], "out": self.stdout}
        began = timezone.now()
        try:
            is_all = options["kind"] == "all"
            for kind in schedule.job_order(supplier) if is_all else [options["kind"]]:
                runs.append(run_job(supplier, kind, since=began, now=timezone.now(), **job_options))
                if runs[-1].status != SyncRun.Status.APPLIED:
                    problem = f"{runs[-1].status}. {runs[-1].problem}"
                    raise CommandError(f"{kind} of {supplier.code}: {problem}")
        finally:
            for line in output.usage_lines(supplier, runs, now=timezone.now()):
                self.stdout.write(line)

    @staticmethod
    def _supplier(options: dict[str, Any]) -> Supplier:
        supplier = (
            Supplier.objects.select_related("connection").filter(code=options["code"]).first()
        )
        if supplier is None:
            codes = ", ".join(Supplier.objects.order_by("code").values_list("code", flat=True))
            raise CommandError(f"Unknown supplier {options['code']!r}. Available: {codes}")
        return supplier
