"""Store benchmark: publish listings to a store sandbox with its real limits, count the calls."""

import os
import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from storefront.dev.bench.scenarios.stores import publication
from storefront.dev.demo import demo_stores
from storefront.dev.demo.processes import STORES
from storefront.dev.runtime.own_database import own_database
from storefront.dev.runtime.ports import free_port
from storefront.sales_channels.models import Connection

DATABASE = "fara_bench_store"


class Command(BaseCommand):
    """Create a database and a store, measure in a child process, drop the database."""

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("platform", choices=STORES)
        parser.add_argument("--listings", type=int, default=10_000)
        parser.add_argument(
            "--inside", action="store_true", help="internal: set by the command itself"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["inside"]:
            self._measure(options["listings"])
        else:
            self._prepare(options["platform"], options["listings"])

    def _prepare(self, platform: str, listings: int) -> None:
        port = free_port(18_190)
        with own_database(DATABASE) as url, TemporaryDirectory() as folder:
            words = ["-m", f"storefront.dev.sandboxes.{platform}", "--port", str(port)]
            words += ["--data", str(Path(folder) / "store")]
            inside = [sys.executable, "manage.py", "bench_store", platform, "--inside"]
            inside += ["--listings", str(listings)]
            env = {
                **os.environ,
                "DATABASE_URL": url,
                f"SANDBOX_{platform.upper()}_URL": f"http://127.0.0.1:{port}",
                "LOG_LEVEL": "WARNING",
            }
            store = subprocess.Popen([sys.executable, *words], env=env)  # noqa: S603 - our own
            try:
                code = subprocess.run(inside, env=env, check=False).returncode  # noqa: S603
            finally:
                store.terminate()
                store.wait(timeout=15)
        if code:
            raise CommandError("The measurement failed; see above.")

    def _measure(self, listings: int) -> None:
        call_command("migrate", verbosity=0)
        call_command("create_categories", verbosity=0)
        demo_stores.connect_all(countries=["DE"])
        connection = Connection.objects.select_related("channel").get()
        for each in publication.measure(connection, listings=listings):
            self.stdout.write(
                f"{each.name:<12} {each.calls:>6} calls {each.minutes:>7.2f} min"
                f" {each.products:>6} products {each.prices:>6} prices {each.quantities:>6} stock"
            )
            self.stdout.flush()
