"""Reconcile one day with gateways and suppliers, and list the discrepancies."""

from __future__ import annotations

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
        asked = options["day"]
        wanted = (
            [reconciliation.run_of(asked, now=now)] if asked else reconciliation.due_runs(now=now)
        )
        done = [self._compared(day) for day in wanted]
        if not done:
            self.stdout.write("All ended days are reconciled.")
        if any(day.status != ReconciliationRun.Status.RECONCILED for day in done):
            raise CommandError("Some days are not reconciled. They are retried automatically.")

    def _compared(self, day: ReconciliationRun) -> ReconciliationRun:
        try:
            done = reconciliation.reconcile(day=day, moment=timezone.now)
        except reconciliation.DayNotOverError as error:
            raise CommandError(
                f"{error} cannot be reconciled yet: wait until three hours after the day ends."
            ) from error
        except LockedElsewhereError as error:
            raise CommandError("Another process is reconciling. Try again in a minute.") from error
        seen = Discrepancy.objects.filter(
            observations__day=done, status=Discrepancy.Status.OPEN
        ).distinct()
        compared = sum(done.counts.values())
        self.stdout.write(
            f"{done}: {compared} compared, {seen.count()} discrepancies. {done.problem}"
        )
        for difference in seen.select_related("order", "payment", "purchase_order").order_by("pk"):
            self.stdout.write(f"  {difference}: {labels.amounts(difference)}")
        return done
