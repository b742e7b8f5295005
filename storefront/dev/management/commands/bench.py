"""Benchmark: measure the performance goals in a separate database."""

import os
import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from storefront.dev.bench import results, runner
from storefront.dev.bench.goals import pages
from storefront.dev.bench.harness.resources import watch
from storefront.dev.runtime.own_database import own_database
from storefront.dev.runtime.ports import free_port
from storefront.lib.env import env_str

DATABASE = "fara_bench"
REDIS_PATH = "/9"
FEW_PRODUCTS, MANY_PRODUCTS = 1_200, 4_200  # of the sandbox, about 2.5 variants each


class Command(BaseCommand):
    """Create a database and a supplier, measure in a child process, drop the database."""

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--inside", action="store_true", help="internal: set by the command itself"
        )
        parser.add_argument("--only", default="", help="the goals to measure, such as P1,R1")

    def handle(self, *_args: Any, **options: Any) -> None:
        only = _goals(options["only"])
        if options["inside"]:
            self._measure(only)
        else:
            self._prepare(only)

    def _prepare(self, only: frozenset[str]) -> None:
        port = free_port(18_090)
        data = Path(settings.VAR_DIR) / "bench-sandbox"
        words = ["-m", "storefront.dev.sandboxes.cj", "--port", str(port), "--data", str(data)]
        words += ["--count", str(MANY_PRODUCTS if _is_full() else FEW_PRODUCTS), "--qps", "0"]
        inside = [sys.executable, "manage.py", "bench", "--inside", "--only"]
        inside.append(",".join(sorted(only)))
        with own_database(DATABASE) as url:
            env = {
                **os.environ,
                "DATABASE_URL": url,
                # Separate queues: its workers and those of a demo never take each other's tasks.
                "REDIS_URL": urlunsplit(urlsplit(settings.REDIS_URL)._replace(path=REDIS_PATH)),
                "SANDBOX_SUPPLIER_URL": f"http://127.0.0.1:{port}",
                "ALLOWED_HOSTS": "127.0.0.1,testserver",
                "LOG_LEVEL": "WARNING",
            }
            supplier = subprocess.Popen([sys.executable, *words], env=env)  # noqa: S603 - our own
            try:
                code = subprocess.run(inside, env=env, check=False).returncode  # noqa: S603 - our own
            finally:
                supplier.terminate()
                supplier.wait(timeout=15)
        if code:
            raise CommandError("The measurement failed; see above.")

    def _measure(self, only: frozenset[str]) -> None:
        machine, load = results.this_machine(), watch()
        call_command("migrate", verbosity=0)
        call_command("seed_demo", verbosity=0)
        figures, verdicts = runner.run(
            self.stdout.write, now=timezone.now(), only=only, is_full=_is_full()
        )
        path = Path(settings.VAR_DIR) / "bench.json"
        results.keep(path, figures=figures, verdicts=verdicts, machine=machine)
        self._show(figures)
        for verdict in verdicts:
            self.stdout.write(verdict.words)
        self.stdout.write(f"\n{machine}\nIn all {load().words}\nAll figures: {path}")

    def _show(self, figures: dict[str, Any]) -> None:
        for name, sync in figures.get("sync", {}).items():
            self.stdout.write(
                f"{name} sync: {sync['rows']} rows in {sync['seconds']} s,"
                f" {sync['rows_per_second']} rows/s, {sync['written']} written"
            )
        names = ("req/s", "p50 ms", "p95 ms", "web ms", "SQL ms")  # the last two are CPU
        for count in ("pages", "pages_100k", "pages_1k"):
            if count in figures:
                self.stdout.write(f"\n{count:<32}" + "".join(f"{name:>9}" for name in names))
            for page in figures.get(count, []):
                name, *numbers = page.values()
                self.stdout.write(f"{name:<32}" + "".join(f"{each:>9}" for each in numbers))
        self.stdout.write("")


def _is_full() -> bool:
    return env_str("SCALE", default="") == "full"


def _goals(asked: str) -> frozenset[str]:
    """Return the selected goals; if none is named, all but those on request."""
    named = {name.strip().upper() for name in asked.split(",") if name.strip()}
    if unknown := named - pages.ALL - pages.ON_REQUEST:
        known = ", ".join(sorted(pages.ALL | pages.ON_REQUEST))
        raise CommandError(f"No goal is called {', '.join(sorted(unknown))}. There are: {known}.")
    return frozenset(named or pages.ALL)
