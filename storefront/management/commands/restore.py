"""Restore: load a backup into an empty database, check it; the shop stays paused."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from storefront.ops.backups import restoration
from storefront.ops.backups.postgres_programs import ProgramError

NEXT = """
The shop is closed and its workers are paused: suppliers, the gateway and customers may know what
this database does not. Next, see "After a restore" in docs/backups.md:
  1. manage.py reconcile_day                    what the gateway knows of payments
  2. Admin, Settings, Go-live checklist        switch on: nothing from before is sent without a lookup"""


class Command(BaseCommand):
    """Run it as the owner of the database, with the code and the keys of the backup."""

    help = __doc__ or ""
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="a file that manage.py backup wrote")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            manifest, findings = restoration.restore(path=options["file"])
        except restoration.RestoreError as error:
            raise CommandError("\n".join(map(str, error.args))) from error
        except ProgramError as error:
            raise CommandError(str(error)) from error
        rows, files = sum(manifest.counts.values()), len(manifest.members) - 1
        self.stdout.write(
            f"Restored {rows} rows and {files} files of {manifest.created_at:%Y-%m-%d %H:%M} UTC."
        )
        for finding in findings:
            self.stdout.write(f"VIOLATED {finding.invariant.code}: {finding.count} rows")
        self.stdout.write(NEXT)
        if findings:
            raise CommandError("Invariants are violated: examine them before you switch on.")
