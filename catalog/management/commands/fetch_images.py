"""Image command: fetch the waiting images, report progress."""

import time
from argparse import ArgumentParser
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection
from django.utils import timezone

from catalog.products import images

BATCH = 10
THREADS = 3  # download, decoding and resizing overlap


class Command(BaseCommand):
    """Fetch due images until none is left. Failed images become due again later."""

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--main", action="store_true", help="fetch only the first image of each product"
        )
        parser.add_argument(
            "--at-most", type=int, default=1_000_000, help="maximum number of images"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        started = time.monotonic()
        total = 0
        with ThreadPoolExecutor(max_workers=THREADS) as pool:
            while total < options["at_most"]:
                tried = sum(pool.map(_batch, [options["main"]] * THREADS))
                if not tried:
                    break
                total += tried
                seconds = time.monotonic() - started
                self.stdout.write(f"pictures: {seconds:6.1f} s  {total} fetched")


def _batch(main_only: bool) -> int:  # noqa: FBT001 - as pool.map passes it
    try:
        return images.fetch_due(size=BATCH, now=timezone.now(), main_only=main_only)
    finally:
        connection.close()
