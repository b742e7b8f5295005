"""Exchange rate command: import a list, show the current rates."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from catalog.exchange_rates import rates
from catalog.exchange_rates.ecb import UnreadableRatesError
from catalog.models import ExchangeRate


class Command(BaseCommand):
    """Import the daily XML of the ECB or the Central Bank of Azerbaijan, or show the current rates."""

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        imported = verbs.add_parser("import", help="import a file such as eurofxref-daily.xml")
        imported.add_argument("file", type=Path)
        verbs.add_parser("show", help="show the rates in use, their date and status")

    def handle(self, *_args: Any, **options: Any) -> None:
        getattr(self, f"_{options['verb']}")(options)

    def _import(self, options: dict[str, Any]) -> None:
        try:
            counts = rates.import_daily(
                content=options["file"].read_bytes(),
                source=options["file"].name,
                actor="command line",
                now=timezone.now(),
            )
        except (OSError, UnreadableRatesError, rates.FutureRateError) as error:
            raise CommandError(str(error)) from error
        summary = ", ".join(f"{many} {what}" for what, many in counts.items())
        self.stdout.write(f"{options['file'].name}: {summary}")

    def _show(self, _options: dict[str, Any]) -> None:
        for row in ExchangeRate.objects.order_by("quote", "base"):
            waits = f", {row.pending_rate:f} awaits review" if row.pending_rate else ""
            self.stdout.write(
                f"1 {row.base} = {row.rate:f} {row.quote}, {row.as_of:%Y-%m-%d %H:%M},"
                f" {row.source}, {row.get_validity_display()}{waits}"
            )
