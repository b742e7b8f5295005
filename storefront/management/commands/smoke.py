"""Smoke test: buy a headlamp in a running demo, wait for its tracking e-mail."""

import time
from argparse import ArgumentParser
from typing import Any
from urllib.parse import urljoin

from django.core.management.base import BaseCommand, CommandError

from storefront.ops.smoke_test import SmokeTest, SmokeTestError


class Command(BaseCommand):
    """Buy a headlamp in a running demo and wait for its tracking e-mail; exit 1 if that fails."""

    help = __doc__ or ""
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--base-url", required=True, help="where the shop is")
        parser.add_argument(
            "--mailbox-url",
            default=None,
            help="where its e-mails can be read; the development mailbox unless told,"
            " nothing to leave that step out",
        )
        # A supplier without webhooks is polled once a minute.
        parser.add_argument("--patience", type=float, default=180, help="seconds for each wait")

    def handle(self, *_args: Any, **options: Any) -> None:
        base_url = options["base_url"]
        mailbox_url = options["mailbox_url"]
        if mailbox_url is None:
            mailbox_url = urljoin(base_url, "/dev/mailbox/")
        started = time.monotonic()
        journey = SmokeTest(
            base_url=base_url,
            mailbox_url=mailbox_url,
            patience_s=options["patience"],
            say=self.stdout.write,
        )
        try:
            journey.run()
        except SmokeTestError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{time.monotonic() - started:6.2f} s  in total: the order was placed, paid and shipped"
        )
