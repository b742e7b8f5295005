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
from storefront.dev.runtime.own_database import own_database
from storefront.dev.runtime.ports import free_port
from storefront.lib.env import env_str

DATABASE = "fara_bench"
REDIS_PATH = "/9"
VARIANTS = 10_000
SANDBOX_PRODUCTS = 4_200  # about 2.5 variants each


class Command(BaseCommand):
    """Create a database and a supplier, measure in a child process, drop the database."""

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--inside", action="store_true", help="internal: set by the command itself"
        )
        parser.add_argument("--products", type=int, default=SANDBOX_PRODUCTS)
        parser.add_argument("--only", default="", help="the goals to measure, such as P1,R1")

    def handle(self, *_args: Any, **options: Any) -> None:
        only = _goals(options["only"])
        if options["inside"]:
            self._measure(only)
        else:
            self._prepare(products=options["products"], only=only)

    def _prepare(self, *, products: int, only: frozenset[str]) -> None:
        port = free_port(18_090)
        data = Path(settings.VAR_DIR) / "bench-sandbox"
        words = ["-m", "storefront.dev.sandboxes.cj", "--port", str(port), "--data", str(data)]
        words += ["--count", str(products), "--qps", "0"]
        inside = [
            sys.executable,
            "manage.py",
            "bench",
            "--inside",
            "--only",
            ",".join(sorted(only)),
        ]
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
        is_full = env_str("SCALE", default="") == "full"
        machine, now = results.this_machine(), timezone.now()
        call_command("migrate", verbosity=0)
        call_command("seed_demo", verbosity=0)
        figures, verdicts = runner.run(self.stdout.write, now=now, only=only, is_full=is_full)
        path = Path(settings.VAR_DIR) / "bench.json"
        results.keep(path, figures=figures, verdicts=verdicts, machine=machine, now=now)
        self._show(figures)
        for verdict in verdicts:
            self.stdout.write(verdict.words)
        self.stdout.write(f"\n{machine}\nAll figures: {path}")

    def _show(self, figures: dict[str, Any]) -> None:
        for name, sync in figures.get("sync", {}).items():
            self.stdout.write(
                f"{name} sync: {sync['rows']} rows in {sync['seconds']} s,"
                f" {sync['rows_per_second']} rows/s, {sync['written']} written"
            )
        if "pages" in figures:
            self.stdout.write(
                f"\n{'page':<24} {'req/s':>8} {'p50 ms':>8} {'p95 ms':>8} {'CPU ms':>8}"
            )
        for page in figures.get("pages", []):
            self.stdout.write(
                f"{page['name']:<24} {page['per_second']:>8} {page['p50_ms']:>8}"
                f" {page['p95_ms']:>8} {page['cpu_ms']:>8}"
            )
        self.stdout.write("")


def _goals(asked: str) -> frozenset[str]:
    """Return the selected goals; all if none is named."""
    named = {name.strip().upper() for name in asked.split(",") if name.strip()}
    if unknown := named - pages.ALL:
        known = ", ".join(sorted(pages.ALL))
        raise CommandError(f"No goal is called {', '.join(sorted(unknown))}. There are: {known}.")
    return frozenset(named or pages.ALL)
