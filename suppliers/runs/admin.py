"""Sync issue admin: show issues and page batches, resolve an issue."""

from typing import ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from storefront.lib.staff import columns
from storefront.lib.staff.admin import StaffAdmin, action, register_read_only
from suppliers.models import PageBatch, SyncIssue
from suppliers.runs import issues


@admin.register(SyncIssue)
class SyncIssueAdmin(StaffAdmin):
    list_display: ClassVar = [
        "row",
        columns.text("supplier__name", _("Supplier")),
        columns.status("severity", _("Severity"), needs_action={"error"}),
        "code",
        "message",
        columns.age("first_run__started_at", _("First seen")),
        columns.age("last_run__started_at", _("Last seen")),
        columns.age("resolved_at", _("Resolved")),
    ]
    list_select_related: ClassVar = ["supplier", "first_run", "last_run"]
    list_filter: ClassVar = [
        ("resolved_at", admin.EmptyFieldListFilter),
        "severity",
        "code",
        "supplier",
    ]
    search_fields: ClassVar = ["row", "message"]
    ordering: ClassVar = ["-id"]
    exclude: ClassVar = ["raw"]
    readonly_fields: ClassVar = [columns.document("raw", _("Original row"))]
    actions: ClassVar = ["dismiss"]

    @action(description=_("Mark as resolved"))
    def dismiss(self, request: HttpRequest, rows: QuerySet[SyncIssue]) -> None:
        self.apply_to_each(request, rows, lambda row: issues.dismiss(issue=row, now=timezone.now()))


register_read_only(
    PageBatch,
    list_display=["id", columns.link("run", _("Sync run")), "done"],
    list_select_related=["run__supplier"],
    ordering=["id"],
)
