"""Competitor price command: preview a file, import it."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from catalog.competitors import labels, matching, price_import
from catalog.competitors.csv_format import UnreadableFileError

ACTOR = "command line"


class Command(BaseCommand):
    """Import a CSV or JSON file of competitor prices."""

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        imported = verbs.add_parser("import", help="import a file: CSV with column names, or JSON")
        imported.add_argument("file", type=Path)
        imported.add_argument(
            "--dry-run", action="store_true", help="show the result without saving it"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        now = timezone.now()
        try:
            content = options["file"].read_bytes()
            file = price_import.store_list(
                name=options["file"].name, content=content, actor=ACTOR, now=now
            )
            preview = matching.preview(file=file)
        except UnreadableFileError as error:
            raise CommandError(labels.message(error.code, error.values)) from error
        except OSError as error:
            raise CommandError(str(error)) from error
        for line in preview.rejected:
            why = labels.message(line.code, line.values)
            self.stdout.write(f"  line {line.number}: {why}")
        self.stdout.write(
            f"{file}: {len(preview.matched)} matched, {len(preview.rejected)} rejected"
        )
        if options["dry_run"]:
            return
        counts = price_import.import_list(file=file, actor=ACTOR, now=now).counts
        self.stdout.write(f"  changed {counts['changed']}, older than known {counts['older']}")
