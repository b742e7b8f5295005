"""Bulk edit admin: list the edits and their rows."""

from typing import ClassVar

from django.contrib import admin
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from catalog.models import BulkEdit, BulkEditRow
from storefront.lib.staff import columns
from storefront.lib.staff.admin import StaffAdmin, action, register_read_only

STATUS = columns.status(
    "status",
    _("Status"),
    needs_action={"failed"},
    waiting={"draft", "preparing", "ready"},
    final={"applied", "undone"},
)


@admin.register(BulkEdit)
class BulkEditAdmin(StaffAdmin):
    empty_text: ClassVar = _(
        "Select rows in Products or Variants, then choose “Edit selection” among the actions."
    )
    list_display: ClassVar = [
        "__str__",
        "kind",
        STATUS,
        "created_by",
        columns.age("created_at", _("Created")),
        columns.page("supply:bulk_edit", _("Rows"), _("Open"), right="catalog.view_bulkedit"),
    ]
    list_filter: ClassVar = ["status", "kind"]
    search_fields: ClassVar = ["file_name", "created_by"]
    exclude: ClassVar = ["operations"]
    readonly_fields: ClassVar = [columns.status_history]
    actions_detail: ClassVar = ["open_rows"]

    @action(description=_("Open"), icon="open_in_new", may="view")
    def open_rows(self, request: HttpRequest, object_id: str) -> HttpResponseRedirect:
        return HttpResponseRedirect(
            reverse("supply:bulk_edit", args=[self.row(request, object_id).pk])
        )


register_read_only(
    BulkEditRow,
    list_display=[
        "name",
        columns.link("edit", _("Bulk edit")),
        "position",
        columns.status("outcome", _("Result"), needs_action={"rejected", "conflict"}),
        "message",
    ],
    list_select_related=["edit"],
    list_filter=["outcome"],
    search_fields=["name"],
)
