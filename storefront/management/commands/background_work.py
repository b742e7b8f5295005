"""Background work: say whether workers send and order from this database, pause or resume it."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from storefront.identity import live_database


class Command(BaseCommand):
    """A restored backup is paused by itself. After a restore of a disk, pause before you start."""

    help = __doc__ or ""
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "action", choices=["show", "pause", "resume"], nargs="?", default="show"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["action"] == "pause":
            live_database.pause()
        elif options["action"] == "resume":
            live_database.switch_on(actor="manage.py", now=timezone.now())
        is_live = live_database.read().is_live
        self.stdout.write("Background work runs." if is_live else "Background work is paused.")
