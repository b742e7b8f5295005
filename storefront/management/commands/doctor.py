"""Doctor: print the faults of this shop and how to repair them, exit 1 if one is urgent."""

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand

from storefront.ops import doctor


class Command(BaseCommand):
    help = "Examine settings, services, suppliers and this machine; say how to repair each fault."
    requires_system_checks = ()  # the doctor reports them itself

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the findings as JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        found: list[doctor.Finding] = []
        for subject, findings in doctor.examine():
            found += findings
            if not options["json"]:
                self._print(subject, findings)
        if options["json"]:
            self.stdout.write(json.dumps([asdict(finding) for finding in found], indent=2))
        if any(finding.is_urgent for finding in found):
            sys.exit(1)

    def _print(self, subject: str, findings: list[doctor.Finding]) -> None:
        if not findings:
            self.stdout.write(f"ok     {subject}")
        for finding in findings:
            mark = "FAULT" if finding.is_urgent else "note"
            self.stdout.write(f"{mark:<7}{subject}: {finding.fault}")
            self.stdout.write(f"       → {finding.repair}")
