"""Rebuild the figures: count all orders since a day again, and sum their days."""

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from storefront.dashboard.figures import rollup


class Command(BaseCommand):
    help = "Count orders again for the page Figures. Repeatable; interrupted, the worker goes on."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--since", type=date.fromisoformat, default=date(2000, 1, 1), metavar="YYYY-MM-DD"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        queued = rollup.queue_all(since=options["since"])
        self.stdout.write(f"{queued} orders queued")
        while done := rollup.refresh(now=timezone.now()):
            self.stdout.write(f"{done} counted")
