"""Own imports without a browser: compare all rows of a file of our own products, apply, report."""

from collections import Counter
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from catalog.bulk_edits import application
from catalog.models import BulkEdit, BulkEditRow
from catalog.products.staff.spec_form import finding_label
from storefront.lib.http.errors import PermanentError
from suppliers.catalog_files import imports
from suppliers.catalog_files.own_columns import SKU, OwnColumns
from suppliers.models import CatalogImport

Status = CatalogImport.Status
Outcome = BulkEditRow.Outcome
COUNTS = ("new", "changed", "unchanged", "rejected")
OUTCOMES: dict[str, str] = {
    **dict.fromkeys([Outcome.NEW, Outcome.CREATED], "new"),
    **dict.fromkeys([Outcome.PLANNED, Outcome.CHANGED], "changed"),
    Outcome.UNCHANGED: "unchanged",
    **dict.fromkeys([Outcome.REJECTED, Outcome.CONFLICT], "rejected"),
}


def dry_run(row: CatalogImport, *, actor: str, now: datetime) -> None:
    """Compare all rows of a file of our own products, by the remembered or suggested columns.

    Raises: PermanentError  the file cannot be read, or a column is missing
    """
    headings = imports.read_sample(row).detected.headers
    columns = row.columns or OwnColumns().suggest(headings)
    if SKU not in columns.values():
        raise PermanentError(_("Choose the column that holds our SKU."))
    imports.request_dry_run(row, columns=columns, blank=row.blank, actor=actor, now=now)
    row.refresh_from_db()
    while row.status == Status.PREPARING:
        imports.continue_import(row.pk, now=now, should_wait=True)
        row.refresh_from_db()
    if row.status not in {Status.READY, Status.NOTHING}:
        raise PermanentError(row.problem)


def apply(row: CatalogImport, *, reason: str, actor: str, now: datetime) -> None:
    """Apply a file of our own products to the end; ``reason`` is why unlikely values are right.

    Raises: ReasonMissingError
    """
    if row.edit is None or row.status != Status.READY:
        return
    reasons = dict.fromkeys(application.find_unexplained(row.edit), reason)
    application.start(row.edit, reasons=reasons, actor=actor, now=now)
    finish_edit(row.edit, now=now)
    imports.settle_imports(now=now)


def finish_edit(edit: BulkEdit, *, now: datetime) -> None:
    """Do the requested work of an edit to its end; wait while another worker does it."""
    while edit.status in application.OPEN:
        application.continue_edit(edit.pk, now=now, should_wait=True)
        edit.refresh_from_db()


def report(row: CatalogImport) -> dict[str, Any]:
    """Return the counts of a file of our own products, which add up to its rows.

    Also which rows are rejected, which have unlikely values, and which columns are not read.
    """
    rows = BulkEditRow.objects.filter(edit=row.edit).order_by("position")
    counted = Counter(OUTCOMES[outcome] for outcome in rows.values_list("outcome", flat=True))
    is_rejected = Q(outcome__in=[Outcome.REJECTED, Outcome.CONFLICT])
    rejected, unlikely = rows.filter(is_rejected), rows.exclude(is_rejected | Q(findings=[]))
    headings = imports.read_sample(row).detected.headers
    return {
        "rows": counted.total(),
        **{name: counted[name] for name in COUNTS},
        "rejections": [
            {"row": name, "number": number, "reason": message}
            for name, number, message in rejected.values_list("name", "position", "message")
        ],
        "unlikely": [
            {
                "row": name,
                "number": number,
                "findings": [
                    f"{finding_label(each['column'])}: {each['message']}" for each in findings
                ],
            }
            for name, number, findings in unlikely.values_list("name", "position", "findings")
        ],
        "unread_columns": [heading for heading in headings if heading not in row.columns],
    }
