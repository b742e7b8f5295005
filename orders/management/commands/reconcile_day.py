"""Reconcile one day with gateways and suppliers, and list the discrepancies."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from orders.accounting.reconciliation import labels, reconciliation
from orders.models import MoneyDay, MoneyDifference
from suppliers.resilience.bulkheads import InHandError


class Command(BaseCommand):
    """Idempotent. Exits 1 if a day could not be reconciled."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--day",
            type=date.fromisoformat,
            metavar="YYYY-MM-DD",
            help="one day, also one that was reconciled; else all that were not yet",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        now = timezone.now()
        asked = options["day"]
        wanted = [reconciliation.day_of(asked, now=now)] if asked else reconciliation.due(now=now)
        done = [self._compared(day) for day in wanted]
        if not done:
            self.stdout.write("Each day that is over is reconciled.")
        if any(day.status != MoneyDay.Status.RECONCILED for day in done):
            raise CommandError("Not all is reconciled; it is tried again by itself.")

    def _compared(self, day: MoneyDay) -> MoneyDay:
        try:
            done = reconciliation.reconcile(day=day, moment=timezone.now)
        except reconciliation.TooSoonError as error:
            raise CommandError(f"{error} is not over, or only just: wait three hours.") from error
        except InHandError as error:
            raise CommandError("A worker compares a day at this moment: try again.") from error
        seen = MoneyDifference.objects.filter(
            sightings__day=done, status=MoneyDifference.Status.OPEN
        ).distinct()
        compared = sum(done.counts.values())
        self.stdout.write(f"{done}: {compared} compared, {seen.count()} differ. {done.problem}")
        for difference in seen.select_related("order", "payment", "purchase_order").order_by("pk"):
            self.stdout.write(f"  {difference}: {labels.amounts(difference)}")
        return done
