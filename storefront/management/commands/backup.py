"""Backup: write the database, the files and a manifest into one tar file in a folder."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from storefront.ops.backups import creation
from storefront.ops.backups.postgres_programs import ProgramError


class Command(BaseCommand):
    """The shop goes on selling meanwhile. Run it as the owner of the database."""

    help = __doc__ or ""
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="the folder of the new file")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            path = creation.create(folder=options["folder"], now=timezone.now())
        except (ProgramError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{path}  {path.stat().st_size / 1e6:.1f} MB")
        self.stdout.write(
            "It holds personal data, and no key. Encrypt it, move it to another machine, and keep"
            " .env elsewhere."
        )
