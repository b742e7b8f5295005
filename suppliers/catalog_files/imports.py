"""Catalog imports: the services of the import wizard, from the upload to the result.

step     what happens                                   safe to repeat because
upload   the file is stored; no sync reads it yet       an unused file changes nothing
columns  fields are chosen for its headings             the last choice counts
dry run  all rows are compared, nothing is written      a repeated dry run replaces the earlier one
apply    our products: the bulk edit is applied         its rows are applied once
         of a supplier: the file becomes its newest     one sync of the supplier runs at a time;
         upload, a product sync imports it              equal rows are not written

The guards of the product sync also protect an import: if too many rows are missing or invalid, the
run is quarantined until staff decide.
"""

import hashlib
import json
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from catalog.bulk_edits import application
from catalog.models import BulkEdit
from storefront.lib.clock import running_clock
from storefront.lib.db import advisory_locks
from storefront.lib.http.errors import PermanentError
from storefront.lib.state_machine import ConcurrentUpdateError, InvalidTransitionError
from suppliers.catalog_files import dry_run, findings, own_files
from suppliers.connections import file_sources
from suppliers.connections.file_sources import StoredFile
from suppliers.connectors.feed.fetch import UPLOADS
from suppliers.connectors.feed.formats import xlsx
from suppliers.connectors.feed.mapping.spec import FormatOverrides
from suppliers.connectors.feed.mapping.spec import Mapping as FeedMappingSpec
from suppliers.feed_mapping import sample
from suppliers.feed_mapping.sample import Sample
from suppliers.models import CatalogImport, FeedMapping, FeedUpload, FileContent, Supplier, SyncRun
from suppliers.sync.runner import AlreadyRunningError, run_sync

log = logging.getLogger(__name__)

Status = CatalogImport.Status
LOCK_NAME = "catalog import"
MAX_BYTES = 50_000_000
MAX_ROWS = 100_000
MAX_EXAMPLES = 10_000  # changes and rejections in a report
PROGRESS_EVERY_S = 1.0
OWN_FOLDER = "_own"  # no supplier's code begins with an underscore
# A rolled back run was applied; its page shows the rollback.
DECIDED: dict[str, Status] = {
    SyncRun.Status.APPLIED: Status.APPLIED,
    SyncRun.Status.ROLLED_BACK: Status.APPLIED,
    SyncRun.Status.DISCARDED: Status.DISCARDED,
}
STATUS_OF_RUN = {**DECIDED, SyncRun.Status.QUARANTINED: Status.QUARANTINED}


def path_of(row: CatalogImport) -> Path:
    return _folder(row.supplier) / row.storage_name


def _folder(supplier: Supplier | None) -> Path:
    if supplier is None:
        return Path(settings.FEEDS_ROOT) / OWN_FOLDER
    return file_sources.supplier_folder(supplier) / UPLOADS


def upload(
    *, supplier: Supplier | None, name: str, chunks: Iterable[bytes], actor: str, now: datetime
) -> CatalogImport:
    """Store a file and read its first rows.

    Raises: PermanentError, FileTooLargeError  it is no table, or too large; nothing is kept
    """
    stored = file_sources.store_file(
        _folder(supplier), content=FileContent.PRODUCTS, chunks=_limited(chunks), dated_at=now
    )
    row = CatalogImport(
        supplier=supplier,
        file_name=file_sources.printable_name(name),
        **stored._asdict(),
        status_since=now,
        created_by=actor[:100],
        created_at=now,
    )
    try:
        headings = _read_headings(row)
    except Exception:
        _delete_unused_file(row)
        raise
    key = json.dumps(sorted(headings), ensure_ascii=False)
    row.heading_key = hashlib.sha256(key.encode()).hexdigest()
    _apply_remembered(row)
    row.save()
    return row


def _apply_remembered(row: CatalogImport) -> None:
    """Set the columns and format that staff last chose for such a file, if it can be read so."""
    row.columns, row.reading = remembered_columns(row)
    if row.reading:
        try:
            headings = _read_headings(row)
        except PermanentError:
            headings = []
        if not {*row.columns} <= {*headings}:
            row.columns, row.reading = {}, {}


def _read_headings(row: CatalogImport) -> list[str]:
    headings = list(read_sample(row).detected.headers)
    if not headings:
        raise PermanentError(_("The file has no rows below the column names."))
    return headings


def _delete_unused_file(row: CatalogImport) -> None:
    """Delete the file of a rejected upload, unless an accepted upload has the same content."""
    same = {"supplier": row.supplier, "storage_name": row.storage_name}
    if not any(model.objects.filter(**same).exists() for model in (CatalogImport, FeedUpload)):
        path_of(row).unlink(missing_ok=True)


def _limited(chunks: Iterable[bytes]) -> Iterable[bytes]:
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > MAX_BYTES:
            message = _("The file is larger than %(most)s MB. Split it and upload the parts.")
            raise PermanentError(message % {"most": MAX_BYTES // 1_000_000})
        yield chunk


def read_sample(row: CatalogImport) -> Sample:
    """Return the format and the first rows of the file. Raises PermanentError."""
    active = active_mapping(row.supplier) if row.supplier else None
    reading = (
        FeedMappingSpec.read(active.spec).reading if active else FormatOverrides(**row.reading)
    )
    return sample.read_sample(path_of(row), reading=reading)


def sheets_of(row: CatalogImport) -> list[str]:
    """Return the names of the sheets of a workbook. Raises PermanentError."""
    return [name for name, _path in xlsx.sheets(path_of(row))]


def choose_format(row: CatalogImport, *, reading: Mapping[str, str]) -> None:
    """Store how the file is read, and forget the columns, whose names may be others now.

    Raises: PermanentError  the file cannot be read so; nothing is stored
        InvalidTransitionError  its rows are being compared or applied
    """
    if row.status not in {Status.UPLOADED, Status.READY, Status.NOTHING, Status.FAILED}:
        raise InvalidTransitionError(row.status)
    before, row.reading = row.reading, {name: text for name, text in reading.items() if text}
    if row.reading == before:
        return
    _read_headings(row)
    CatalogImport.objects.filter(pk=row.pk, status=row.status).update(
        reading=row.reading, columns={}
    )


def remembered_columns(row: CatalogImport) -> tuple[dict[str, str], dict[str, str]]:
    """Return the columns and the format that were last chosen for the same headings."""
    earlier = CatalogImport.objects.filter(
        supplier=row.supplier, heading_key=row.heading_key
    ).exclude(columns={})
    found = earlier.order_by("-pk").values_list("columns", "reading").first()
    return (dict(found[0]), dict(found[1])) if found else ({}, {})


def active_mapping(supplier: Supplier) -> FeedMapping | None:
    versions = FeedMapping.objects.filter(supplier=supplier, content=FileContent.PRODUCTS)
    return versions.filter(is_active=True).first()


def request_dry_run(
    row: CatalogImport, *, columns: Mapping[str, str], blank: str, actor: str, now: datetime
) -> None:
    """Store the columns and request a dry run.

    Raises: InvalidTransitionError, ConcurrentUpdateError  it was requested before
    """
    row.move(
        Status.PREPARING,
        at=now,
        actor=actor,
        columns=dict(columns),
        blank=blank,
        report={},
        problem="",
        run=None,
        rows_read=0,
        rows_total=0,
    )


def request_apply(row: CatalogImport, *, actor: str, now: datetime) -> None:
    """Make the file the supplier's newest upload and request its import.

    Raises: PermanentError  it has no supplier
        InvalidTransitionError, ConcurrentUpdateError  it was requested before
    """
    if row.supplier is None:
        raise PermanentError(_("The file has no supplier."))
    with transaction.atomic(durable=True):
        row.move(Status.APPLYING, at=now, actor=actor)
        file_sources.record_upload(
            supplier=row.supplier,
            content=FileContent.PRODUCTS,
            stored=StoredFile(row.storage_name, row.digest, row.size_bytes),
            name=row.file_name,
            actor=actor,
            now=now,
        )


def continue_import(import_id: int, *, now: datetime, should_wait: bool = False) -> None:
    """Do the requested work of an import, unless another worker does it.

    ``should_wait``: wait for that worker, at most for the lock timeout.
    """
    for _slice in advisory_locks.lock_slices(
        LOCK_NAME, has_work=lambda _import: should_wait, among=[import_id]
    ):
        row = CatalogImport.objects.select_related("supplier__connection", "edit").get(pk=import_id)
        if row.status == Status.PREPARING:
            _compare_rows(row, clock=running_clock(now))
        elif row.status == Status.APPLYING:
            _apply(row, clock=running_clock(now))


def _compare_rows(row: CatalogImport, *, clock: Callable[[], datetime]) -> None:
    try:
        if row.supplier is None:
            edit = _compare_own_rows(row, clock=clock)
            values: dict[str, Any] = {"edit": edit}
            is_empty = not edit.rows.filter(outcome__in=application.TO_APPLY).exists()
        else:
            report = _compare_supplier_rows(row, row.supplier, now=clock())
            values = {"report": report}
            is_empty = not any(report[name] for name in ("new", "changed", "missing"))
    except FileNotFoundError:
        row.move(Status.UPLOADED, at=clock(), problem=_("The file is gone. Upload it again."))
    except PermanentError as error:
        row.move(Status.UPLOADED, at=clock(), problem=str(error)[:500])
    except Exception:  # the sweep would repeat it
        log.exception("the dry run of catalog import %s failed", row.pk)
        row.move(Status.FAILED, at=clock(), problem=_unexpected_error())
    else:
        row.move(Status.NOTHING if is_empty else Status.READY, at=clock(), **values)


def _unexpected_error() -> str:
    return _("An unexpected error stopped the import. Repeat the dry run. The log has the details.")


def _compare_own_rows(row: CatalogImport, *, clock: Callable[[], datetime]) -> BulkEdit:
    """Fill a bulk edit with the rows of the file. Replaces the edit of an earlier dry run."""
    now = clock()
    with transaction.atomic():  # a lock, because staff may apply it at this moment
        unused = BulkEdit.objects.filter(
            pk=row.edit_id or 0, status__in=[BulkEdit.Status.DRAFT, BulkEdit.Status.READY]
        )
        for earlier in unused.select_for_update(of=["self"]):
            earlier.delete()
    edit = BulkEdit.objects.create(
        kind=BulkEdit.Kind.VARIANTS,
        file_name=row.file_name,
        created_by=row.created_by,
        created_at=now,
        status_since=now,
    )
    CatalogImport.objects.filter(pk=row.pk).update(edit=edit)
    path, report, reading = path_of(row), _progress(row), FormatOverrides(**row.reading)
    skus = own_files.list_skus(path, mapped=row.columns, reading=reading)
    total = len(skus)
    if total > MAX_ROWS:
        message = _("The file has more than %(most)s rows. Split it and upload the parts.")
        raise PermanentError(message % {"most": MAX_ROWS})
    own_files.fill_edit(
        edit,
        path,
        mapped=row.columns,
        blank=row.blank,
        skus=skus,
        reading=reading,
        on_progress=lambda read: report(read, total),
    )
    edit.move(BulkEdit.Status.PREPARING, at=clock())
    edit.move(BulkEdit.Status.READY, at=clock())
    return edit


def _compare_supplier_rows(
    row: CatalogImport, supplier: Supplier, *, now: datetime
) -> dict[str, Any]:
    version = active_mapping(supplier)
    if version is None:
        raise PermanentError(_("The columns of this supplier are not mapped yet."))
    report = dry_run.report_changes(
        path_of(row),
        supplier=supplier,
        mapping=FeedMappingSpec.read(version.spec),
        now=now,
        max_examples=MAX_EXAMPLES,
        max_findings=findings.MAX_STORED,
        on_progress=_progress(row),
    )
    return {**asdict(report), "finding_counts": dict(report.finding_counts)}


def delete_import(row: CatalogImport) -> None:
    """Delete an import that was not applied, with its rows and its file."""
    BulkEdit.objects.filter(pk=row.edit_id or 0).delete()
    CatalogImport.objects.filter(pk=row.pk).delete()
    _delete_unused_file(row)


def _progress(row: CatalogImport) -> Callable[[int, int], None]:
    """Return a function that stores the progress, at most once a second."""
    last = 0.0

    def store(read: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last >= PROGRESS_EVERY_S or read == total:
            last = time.monotonic()
            CatalogImport.objects.filter(pk=row.pk).update(rows_read=read, rows_total=total)

    return store


def _apply(row: CatalogImport, *, clock: Callable[[], datetime]) -> None:
    """Run a product sync of the supplier, whose status the import takes.

    Leaves the import open if another sync is running.
    """
    if row.supplier is None:
        return
    try:
        run = run_sync(supplier=row.supplier, kind=SyncRun.Kind.PRODUCTS, now=clock())
    except AlreadyRunningError:
        return  # the sweep tries again
    except Exception:  # the run is closed as failed
        log.exception("catalog import %s failed", row.pk)
        row.move(Status.FAILED, at=clock(), problem=_unexpected_error())
    else:
        row.move(STATUS_OF_RUN.get(run.status, Status.FAILED), at=clock(), run=run)


def settle_imports(*, now: datetime) -> None:
    """Complete the imports whose bulk edit was applied, or whose quarantined run was decided."""
    edited = Q(
        status=Status.READY,
        edit__status__in=[
            *(BulkEdit.Status.APPLIED, BulkEdit.Status.UNDOING, BulkEdit.Status.UNDONE)
        ],
    )
    decided = Q(status=Status.QUARANTINED, run__status__in=DECIDED)
    for row in CatalogImport.objects.filter(edited | decided).select_related("run"):
        to = DECIDED[row.run.status] if row.run else Status.APPLIED
        with suppress(
            ConcurrentUpdateError
        ):  # its dry run is repeated, or it is completed by another worker
            row.move(to, at=now)
