"""API fuzz: run schemathesis against a served shop with data, in a separate database."""

import json
import os
import subprocess
import sys
from argparse import ArgumentParser
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from storefront.dev.api_fuzz import shop
from storefront.dev.bench.harness.servers import serving
from storefront.dev.bench.harness.suppliers import company
from storefront.dev.runtime.own_database import own_database

DATABASE = "fara_api_fuzz"
REDIS_PATH = "/8"
APPLICATION = "storefront.dev.api_fuzz.wsgi:application"
PRODUCTS = 60
TOOL = [str(Path(sys.executable).with_name("schemathesis"))]
CONFIG = Path(shop.__file__).with_name("schemathesis.toml")


class Command(BaseCommand):
    """Create a database, fill and serve a shop in a child process, test it, drop the database."""

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--inside", action="store_true", help="internal: set by the command itself"
        )
        parser.add_argument("--minutes", type=int, default=3, help="how long to send requests")
        parser.add_argument("--seed", type=int, default=1, help="other requests for another seed")

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["inside"]:
            self._run(options["minutes"], options["seed"])
            return
        inside = [sys.executable, "manage.py", "api_fuzz", "--inside"]
        inside += [f"--minutes={options['minutes']}", f"--seed={options['seed']}"]
        with own_database(DATABASE) as url:
            env = {
                **os.environ,
                "DATABASE_URL": url,
                "REDIS_URL": urlunsplit(urlsplit(settings.REDIS_URL)._replace(path=REDIS_PATH)),
                "ALLOWED_HOSTS": "127.0.0.1,testserver",
                "LOG_LEVEL": "WARNING",
            }
            code = subprocess.run(inside, env=env, check=False).returncode  # noqa: S603 - our own
        if code:
            raise CommandError("schemathesis found faults, or the shop did not start; see above.")

    def _run(self, minutes: int, seed: int) -> None:
        call_command("migrate", verbosity=0)
        call_command("seed_demo", verbosity=0)
        with TemporaryDirectory(prefix="fara-fuzz-") as name, ExitStack() as stack:
            folder = Path(name)
            fuzz = stack.enter_context(company("fuzz", 1, folder=folder, products=PRODUCTS))
            found = shop.fill(fuzz.supplier)
            lines = [
                f"{values} = {{ values = {json.dumps(list(known), default=str)} }}"
                for values, known in found.values.items()
            ]
            config = folder / CONFIG.name
            config.write_text("\n".join([CONFIG.read_text(), "[dictionaries]", *lines, ""]))
            server = stack.enter_context(serving("api-fuzz", APPLICATION))
            address = f"http://127.0.0.1:{server.port}/api/schema/"
            words = ["--config-file", str(config), "run", address, f"--seed={seed}", "--no-color"]
            words += ["--report=ndjson", f"--report-dir={Path(settings.VAR_DIR) / 'api-fuzz'}"]
            secrets = {f"FUZZ_{name}": text for name, text in found.secrets.items()}
            env = {**os.environ, **secrets, "PYTHONPATH": str(settings.BASE_DIR)}
            codes = [
                subprocess.run([*TOOL, *words, *phases, time], env=env, check=False).returncode  # noqa: S603 - locked package
                for phases, time in (
                    (["--phases=examples,coverage,fuzzing"], f"--max-time={20 * minutes}"),
                    (["--phases=stateful"], f"--max-time={40 * minutes}"),
                )
            ]
        if any(codes):
            sys.exit(1)
