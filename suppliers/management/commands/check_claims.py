"""Claim check command: list the implausible and unreadable numbers of a product file."""

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from storefront.lib.http.errors import PermanentError
from suppliers.feed_mapping.claim_check import CheckedFile, Result, check_file


class Command(BaseCommand):
    """List the implausible and unreadable numbers of a product file, with their arithmetic.

    Reads CSV, XLSX and the other formats of feeds, and stores nothing. Columns are recognized by
    their names. Exit code 1: a number is impossible; 2: the file cannot be read.
    """

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--json", action="store_true", help="print the findings as JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            checked = check_file(options["file"])
        except PermanentError as error:
            raise CommandError(str(error), returncode=2) from error
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(checked), ensure_ascii=False, indent=2))
        else:
            self._print(checked)
        if checked.rows[Result.ERROR]:
            sys.exit(1)

    def _print(self, checked: CheckedFile) -> None:
        for finding in checked.findings:
            cell = f"{finding.column}: {finding.read}" if finding.column else "the row"
            self.stdout.write(f"row {finding.row}, {cell}\n    {finding.result}: {finding.message}")
        if checked.unread_columns:
            self.stdout.write(f"Columns without a check: {', '.join(checked.unread_columns)}")
        counts = ", ".join(f"{checked.rows[result]:,} {result}" for result in Result)
        self.stdout.write(f"{checked.rows.total():,} rows: {counts}")


def _as_json(checked: CheckedFile) -> dict[str, Any]:
    return {
        "columns": checked.columns,
        "unread_columns": list(checked.unread_columns),
        "rows": {
            "total": checked.rows.total(),
            **{result.value: checked.rows[result] for result in Result},
        },
        "findings": [asdict(finding) for finding in checked.findings],
    }
