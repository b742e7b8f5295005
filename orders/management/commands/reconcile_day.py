"""Reconcile one day with gateways and suppliers, and list the discrepancies."""

from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from orders.accounting.reconciliation import labels, reconciliation
from orders.models import Discrepancy, ReconciliationRun
from suppliers.resilience.bulkheads import LockedElsewhereError


class Command(BaseCommand):
    """Idempotent. Exits 1 if a day could not be reconciled."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--day",
            type=date.fromisoformat,
            metavar="YYYY-MM-DD",
            help="reconcile this day again; default: all days that are not reconciled yet",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        now = timezone.now()
        requested = options["day"]
        runs = (
            [reconciliation.run_of(requested, now=now)]
            if requested
            else reconciliation.due_runs(now=now)
        )
        reconciled = [self._compared(day) for day in runs]
        if not reconciled:
            self.stdout.write("All ended days are reconciled.")
        if any(day.status != ReconciliationRun.Status.RECONCILED for day in reconciled):
            raise CommandError("Some days are not reconciled. They are retried automatically.")

    def _compared(self, day: ReconciliationRun) -> ReconciliationRun:
        try:
            run = reconciliation.reconcile(day=day, clock=timezone.now)
        except reconciliation.DayNotOverError as error:
            raise CommandError(
                f"{error} cannot be reconciled yet: wait until three hours after the day ends."
            ) from error
        except LockedElsewhereError as error:
            raise CommandError("Another process is reconciling. Try again in a minute.") from error
        discrepancies = Discrepancy.objects.filter(
            observations__day=run, status=Discrepancy.Status.OPEN
        ).distinct()
        compared = sum(run.counts.values())
        self.stdout.write(
            f"{run}: {compared} compared, {discrepancies.count()} discrepancies. {run.problem}"
        )
        for difference in discrepancies.select_related(
            "order", "payment", "purchase_order"
        ).order_by("pk"):
            self.stdout.write(f"  {difference}: {labels.amounts(difference)}")
        return run
