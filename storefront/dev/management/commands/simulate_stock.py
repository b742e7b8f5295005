"""Stock simulation: run thousands of orders in each supplier mode, count oversold units."""

import json
import os
import subprocess
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from storefront.dev.runtime.own_database import own_database
from storefront.dev.simulation import runner
from storefront.dev.simulation.scenario import Script
from storefront.dev.simulation.supplier_model import MODES

DATABASE = "fara_simulation"
COLUMNS = (
    ("promised", "units"),
    ("rejected", "rejected"),
    ("oversold", "oversold"),
    ("promised_twice", "twice"),
    ("stale", "stale"),
    ("unshippable", "not in stock"),
    ("exposed", "exposed"),
    ("held_back_units", "held back"),
    ("held_back_unit_hours", "unit-hours"),
    ("held_back_share", "share"),
)


class Command(BaseCommand):
    """Create a database, simulate in a child process, drop the database."""

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--orders", type=int, default=10_000)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument(
            "--mode",
            choices=MODES,
            help="when the supplier subtracts an order from its stock; default: all",
        )
        parser.add_argument(
            "--configured", choices=MODES, help="the mode that staff configured, if different"
        )
        parser.add_argument("--json", action="store_true", dest="as_json")
        parser.add_argument(
            "--inside", action="store_true", help="internal: set by the command itself"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["inside"]:
            self._simulate(options)
        else:
            self._prepare()

    def _prepare(self) -> None:
        inside = [sys.executable, *sys.argv, "--inside"]
        with own_database(DATABASE) as url:
            env = {**os.environ, "DATABASE_URL": url, "LOG_LEVEL": "WARNING"}
            code = subprocess.run(inside, env=env, check=False).returncode  # noqa: S603 - our own
        if code:
            raise CommandError("Units were oversold, or the simulation failed; see above.")

    def _simulate(self, options: dict[str, Any]) -> None:
        call_command("migrate", verbosity=0)
        modes = [options["mode"]] if options["mode"] else MODES
        records: list[dict[str, Any]] = []
        for mode in modes:
            simulated = runner.run(
                mode=mode,
                configured=options["configured"] or mode,
                script=Script(orders=options["orders"], seed=options["seed"]),
                say=self.stderr.write,
            )
            if not options["as_json"]:  # flush: the next mode may take an hour
                self._show(simulated)
            records += simulated
        if options["as_json"]:
            self.stdout.write(json.dumps(records, indent=2))
        if any(each["oversold"] for each in records if each["shop"] == runner.OURS):
            raise CommandError("Units were oversold.")

    def _show(self, records: list[dict[str, Any]]) -> None:
        titles = "".join(f"{title:>12}" for _, title in COLUMNS)
        self.stdout.write(f"{'subtracts':<12}{'shop':<24}{titles}")
        for each in records:
            values = "".join(f"{each[name]:>12}" for name, _ in COLUMNS)
            self.stdout.write(f"{each['mode']:<12}{each['shop']:<24}{values}")
        for each in records:
            if each["shop"] == runner.OURS:
                self.stdout.write(
                    f"{each['mode']}: measured {each['measured'] or 'nothing'}, lag"
                    f" {each['lag_median_s']} s (median), {each['lag_tail_s']} s (tail);"
                    f" seen by {each['absorbed_by']}, unseen for {each['still_unseen']}"
                )
        self.stdout.flush()
