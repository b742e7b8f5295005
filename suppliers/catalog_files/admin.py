"""Catalog import admin: list the imports of staff files."""

from typing import ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from storefront.lib.staff import columns
from storefront.lib.staff.admin import StaffAdmin, action
from suppliers.models import CatalogImport


@admin.register(CatalogImport)
class CatalogImportAdmin(StaffAdmin):
    empty_text: ClassVar = _("Upload a CSV or XLSX file with “Import a file”.")
    list_display: ClassVar = [
        "file_name",
        columns.text("supplier__name", _("Supplier")),
        columns.status(
            "status",
            _("Status"),
            needs_action={"quarantined", "failed"},
            waiting={"uploaded", "ready"},
            final={"applied", "discarded", "nothing"},
        ),
        "created_by",
        columns.age("created_at", _("Created")),
        columns.page("supply:import", _("Import"), _("Open"), right="suppliers.view_catalogimport"),
    ]
    list_select_related: ClassVar = ["supplier"]
    list_filter: ClassVar = ["status", "supplier"]
    search_fields: ClassVar = ["file_name", "created_by"]
    exclude: ClassVar = ["columns", "report"]
    readonly_fields: ClassVar = [columns.status_history]
    actions_list: ClassVar = ["import_file"]
    actions_detail: ClassVar = ["open_import"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[CatalogImport]:
        return super().get_queryset(request).defer("report")  # megabytes with its findings

    @action(description=_("Import a file"), icon="upload_file", may="view")
    def import_file(self, _request: HttpRequest) -> HttpResponseRedirect:
        return HttpResponseRedirect(reverse("supply:new_import"))

    @action(description=_("Open"), icon="open_in_new", may="view")
    def open_import(self, request: HttpRequest, object_id: str) -> HttpResponseRedirect:
        row = self.row(request, object_id)
        return HttpResponseRedirect(reverse("supply:import", args=[row.pk]))
