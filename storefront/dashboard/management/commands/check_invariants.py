"""Invariant check: report violations and overdue inbox rows, exit 1 if there are any."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from storefront.dashboard.inbox import overdue
from storefront.dashboard.inbox.query import InboxItem
from storefront.dashboard.invariants import registry
from storefront.dashboard.invariants.registry import ROWS_SHOWN, Finding

WIDTH = 37  # of the longest code


class Command(BaseCommand):
    help = (
        "Check stock, payments, purchase orders, parcels, notifications and prices for violations."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        now = timezone.now()
        findings, late = registry.check_all(now=now), overdue.find(now=now)
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(findings, late), default=str, indent=2))
        else:
            self._print(findings)
            self._print_late(late)
        if late or any(finding.count for finding in findings):
            sys.exit(1)

    def _print(self, findings: list[Finding]) -> None:
        for finding in findings:
            mark = "BROKEN" if finding.count else "ok"
            self.stdout.write(
                f"{mark:<7}{finding.invariant.code:<{WIDTH}} {finding.invariant.sentence}"
            )
            for row in finding.rows:
                values = ", ".join(f"{name}={value}" for name, value in row.items())
                self.stdout.write(f"         {values}")
            if finding.count > len(finding.rows):
                self.stdout.write(f"         … {finding.count} in all")
        broken = sum(1 for finding in findings if finding.count)
        self.stdout.write(f"{len(findings)} invariants, {broken} broken.")

    def _print_late(self, late: list[list[InboxItem]]) -> None:
        for rows in late:
            cause = rows[0].cause
            self.stdout.write(f"{'STUCK':<7}{cause.code:<{WIDTH}} {cause.sentence}")
            for row in rows[:ROWS_SHOWN]:
                self.stdout.write(f"         {row.name}, since {row.since:%Y-%m-%d %H:%M}")
            if len(rows) > ROWS_SHOWN:
                self.stdout.write(f"         … {len(rows)} in all")
        count = sum(map(len, late))
        self.stdout.write(
            f"{count} unassigned inbox items have waited for more than twice their response time."
        )


def _as_json(findings: list[Finding], late: list[list[InboxItem]]) -> dict[str, Any]:
    return {
        "overdue": [
            {"cause": row.cause.code, "name": row.name, "since": row.since, "due": row.due}
            for rows in late
            for row in rows
        ],
        "violations": sum(finding.count for finding in findings),
        "invariants": [
            {
                "id": finding.invariant.code,
                "sentence": finding.invariant.sentence,
                "count": finding.count,
                "rows": list(finding.rows),
            }
            for finding in findings
        ],
    }
