"""Catalog import command: report what a file changes, then apply it.

A file of a supplier is uploaded and a product sync runs. A file of our own products is applied as in
the import wizard.
"""

import json
import time
from argparse import ArgumentParser
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from catalog.bulk_edits.application import ReasonMissingError
from storefront.lib.http.errors import PermanentError
from suppliers.catalog_files import dry_run, findings, imports, own_imports
from suppliers.catalog_files.dry_run import Report
from suppliers.connections import file_sources
from suppliers.connectors.feed.mapping.spec import Mapping
from suppliers.models import CatalogImport, Connection, FeedMapping, FileContent, Supplier, SyncRun
from suppliers.sync.runner import AlreadyRunningError, run_sync

ACTOR = "command line"
OWN = "own"  # the mapping of our own products
CHUNK = 1 << 20
UNREADABLE = 2  # exit code


class Command(BaseCommand):
    """Import a products file of a supplier, or of our own products.

    Exit code: 1 if rows were rejected or the run was not applied, 2 if the file cannot be read.
    """

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--mapping",
            required=True,
            metavar="NAME",
            help="the supplier's code, or code@version for a mapping version that is not active;"
            f" {OWN}: our own products, with the columns that were last chosen for these headings",
        )
        parser.add_argument("--dry-run", action="store_true", help="report only; write nothing")
        parser.add_argument(
            "--reason", default="", help=f"why unlikely values are right; only with {OWN}"
        )
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *_args: Any, **options: Any) -> None:
        path: Path = options["file"]
        now = timezone.now()
        if options["mapping"] == OWN:
            self._import_own(path, options, now=now)
            return
        version = _find_version(options["mapping"])
        if not options["dry_run"]:
            _require_uploads(version.supplier)
        started = time.monotonic()
        try:
            mapping = Mapping.read(version.spec)
            report = dry_run.report_changes(
                path,
                supplier=version.supplier,
                mapping=mapping,
                now=now,
                max_findings=None if options["as_json"] else findings.MAX_SHOWN,
            )
        except (PermanentError, OSError) as error:
            raise CommandError(f"{path} cannot be read: {error}", returncode=UNREADABLE) from error
        run = None if options["dry_run"] else _apply(path, version, now=now)
        seconds = time.monotonic() - started
        if options["as_json"]:
            content = {
                "file": str(path),
                "mapping": str(version),
                **asdict(report),
                "finding_counts": dict(report.finding_counts),
                "seconds": round(seconds, 2),
                "run": run and _run_counts(run),
            }
            self.stdout.write(json.dumps(content, ensure_ascii=False, indent=2))
        else:
            self._print(report, run, seconds=seconds)
        if run is not None and run.status != SyncRun.Status.APPLIED:
            raise CommandError(f"The run was not applied: {run.status}. {run.problem}")
        if report.rejected:
            raise CommandError(f"{report.rejected:,} of {report.rows:,} rows were rejected.")

    def _import_own(self, path: Path, options: dict[str, Any], *, now: datetime) -> None:
        is_dry_run: bool = options["dry_run"]
        started = time.monotonic()
        try:
            row = _upload_own(path, is_dry_run=is_dry_run, now=now)
        except (PermanentError, OSError, file_sources.FileTooLargeError) as error:
            raise CommandError(f"{path} cannot be read: {error}", returncode=UNREADABLE) from error
        if not is_dry_run:
            try:
                own_imports.apply(row, reason=options["reason"].strip(), actor=ACTOR, now=now)
            except ReasonMissingError as error:
                raise CommandError(
                    "New values are unlikely. Nothing was changed. --dry-run lists them: correct"
                    " them, or state why they are right with --reason."
                ) from error
        report = own_imports.report(row)
        if is_dry_run:
            imports.delete_import(row)
        seconds = time.monotonic() - started
        if options["as_json"]:
            content = {"file": str(path), "mapping": OWN, **report, "seconds": round(seconds, 2)}
            self.stdout.write(json.dumps(content, ensure_ascii=False, indent=2))
        else:
            self._print_own(report, is_dry_run=is_dry_run, seconds=seconds)
        if report["rejected"]:
            raise CommandError(f"{report['rejected']:,} of {report['rows']:,} rows were rejected.")

    def _print_own(self, report: dict[str, Any], *, is_dry_run: bool, seconds: float) -> None:
        for one in report["rejections"]:
            self.stdout.write(f"  row {one['number']}: {one['row']}: {one['reason']}")
        for one in report["unlikely"]:
            found = "; ".join(one["findings"])
            self.stdout.write(f"  row {one['number']}: {one['row']}: unlikely: {found}")
        if report["unread_columns"]:
            self.stdout.write(f"Columns not read: {', '.join(report['unread_columns'])}")
        counts = ", ".join(f"{report[name]:,} {name}" for name in own_imports.COUNTS)
        self.stdout.write(f"{report['rows']:,} rows: {counts} ({seconds:.1f} s)")
        if is_dry_run:
            self.stdout.write("Dry run: nothing was written.")

    def _print(self, report: Report, run: SyncRun | None, *, seconds: float) -> None:
        for change in report.changes:
            for heading, (before, after) in change.cells.items():
                self.stdout.write(f"  {change.sku}: {heading}: {before[:60]!r} -> {after[:60]!r}")
        for rejection in report.rejections:
            self.stdout.write(f"  {rejection.row}: rejected: {rejection.reason}")
        for found in report.findings[: findings.MAX_SHOWN]:
            where = f"row {found['number']}: {found['row']}" if found["number"] else found["row"]
            cells = "; ".join(f"{column}: {text!r}" for column, text in found["cells"])
            self.stdout.write(f"  {where}: {cells or found['code']}: {found['message']}")
        if (count := report.finding_counts.total()) > findings.MAX_SHOWN:
            self.stdout.write(
                f"The first {findings.MAX_SHOWN} of {count:,} findings are shown; --json lists all."
            )
        if report.unread_columns:
            self.stdout.write(f"Columns not read: {', '.join(report.unread_columns)}")
        if report.missing:
            self.stdout.write(f"{report.missing:,} products are not in the file: discontinued")
        self.stdout.write(
            f"{report.rows:,} rows: {report.new:,} new, {report.changed:,} changed,"
            f" {report.unchanged:,} unchanged, {report.rejected:,} rejected,"
            f" {report.skipped:,} skipped ({report.rows / max(seconds, 0.001):.0f} rows/s)"
        )
        if run is None:
            self.stdout.write("Dry run: nothing was written.")
        else:
            counts = ", ".join(f"{name} {count}" for name, count in _run_counts(run).items())
            self.stdout.write(f"Run of the products: {counts}")


def _upload_own(path: Path, *, is_dry_run: bool, now: datetime) -> CatalogImport:
    """Upload a file of our own products and compare its rows.

    Raises: PermanentError, OSError, FileTooLargeError  after a dry run, nothing is kept
    """
    with path.open("rb") as file:
        chunks = iter(lambda: file.read(CHUNK), b"")
        row = imports.upload(supplier=None, name=path.name, chunks=chunks, actor=ACTOR, now=now)
    try:
        own_imports.dry_run(row, actor=ACTOR, now=now)
    except PermanentError:
        if is_dry_run:
            imports.delete_import(row)
        raise
    return row


def _find_version(name: str) -> FeedMapping:
    code, _, number = name.partition("@")
    versions = FeedMapping.objects.filter(
        supplier__code=code, supplier__adapter=file_sources.FEED, content=FileContent.PRODUCTS
    ).select_related("supplier__connection")
    if number:
        versions = versions.filter(version=int(number) if number.isdecimal() else 0)
    else:
        versions = versions.filter(is_active=True)
    version = versions.first()
    if version is None:
        known = FeedMapping.objects.filter(is_active=True, content=FileContent.PRODUCTS)
        codes = ", ".join(known.order_by("supplier__code").values_list("supplier__code", flat=True))
        raise CommandError(
            f"Unknown mapping {name!r}. Suppliers with a mapping: {codes or 'none'}",
            returncode=UNREADABLE,
        )
    return version


def _require_uploads(supplier: Supplier) -> None:
    connection = Connection.objects.filter(supplier=supplier).first()
    if connection is None or connection.options.get("via") != file_sources.BY_HAND:
        raise CommandError(
            f"{supplier.code} reads its files from its server; only --dry-run is possible. To"
            " import files, set its files to arrive by upload.",
            returncode=UNREADABLE,
        )


def _apply(path: Path, version: FeedMapping, *, now: datetime) -> SyncRun:
    """Store the file as an upload, activate the mapping version if needed, run a product sync."""
    supplier = version.supplier
    try:
        with path.open("rb") as file:
            file_sources.store_upload(
                supplier=supplier,
                content=FileContent.PRODUCTS,
                name=path.name,
                chunks=iter(lambda: file.read(CHUNK), b""),
                actor=ACTOR,
                now=now,
            )
    except file_sources.FileTooLargeError as error:
        raise CommandError(f"{path} is too large: {error}", returncode=UNREADABLE) from error
    if not version.is_active:
        file_sources.restore_mapping(version=version, actor=ACTOR, now=now)
    try:
        return run_sync(supplier=supplier, kind=SyncRun.Kind.PRODUCTS, now=now)
    except AlreadyRunningError as error:
        raise CommandError(f"Another worker runs this job: {error}") from error


def _run_counts(run: SyncRun) -> dict[str, Any]:
    names = ("status", "read", "created", "updated", "unchanged", "gone", "rejected")
    return {name: getattr(run, name) for name in names}
