"""Scorecard command: recalculate the scorecards of the last days from recorded facts."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from suppliers.models import Supplier
from suppliers.scorecards import scorecards


class Command(BaseCommand):
    """Recalculate the scorecards of the last days. Idempotent."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--days", type=int, default=90)

    def handle(self, *_args: Any, **options: Any) -> None:
        now = timezone.now()
        first = now.date() - timedelta(days=options["days"])
        scorecards.record_cost_counts(now=now)
        for supplier in Supplier.objects.order_by("code"):
            count = scorecards.roll_up(supplier=supplier, first=first, now=now)
            self.stdout.write(f"{supplier.code}: {count} metrics.")
