"""Compliance admin: add, verify and reject documents, vet, activate, pause and block suppliers.

An uploaded file is validated by its content. The browser downloads it and never displays it.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalog.safety import documents
from storefront.lib.staff import columns
from storefront.lib.staff.admin import (
    Errors,
    ReasonForm,
    StaffAdmin,
    acting,
    action,
    confirmed_action,
)
from suppliers.compliance import vetting
from suppliers.compliance.forms import DOCUMENT_GROUPS, SUBMITTED_FIELDS, ComplianceDocumentForm
from suppliers.models import ComplianceDocument, Supplier

__all__ = ["VettingActions"]


@admin.display(description="SHA-256")
def digest(document: ComplianceDocument) -> str:
    """Render the digest so that it wraps on a narrow screen."""
    return format_html('<span class="staff-digest">{}</span>', document.file_sha256)


_document_action = partial(
    confirmed_action,
    explain=_(
        "Your name is stored with the decision. Offers that require this"
        " document are on sale only as long as a verified document is valid."
    ),
    form_class=ReasonForm,
    done=_("Decision saved."),
)


@admin.register(ComplianceDocument)
class ComplianceDocumentAdmin(StaffAdmin):
    form = ComplianceDocumentForm
    may_add = True
    groups = DOCUMENT_GROUPS
    user_errors: ClassVar = (vetting.UnverifiableDocumentError,)
    list_display: ClassVar = [
        "criterion",
        columns.text("supplier__name", _("Supplier")),
        "kind",
        "issuer",
        columns.status("status", _("Status"), waiting={"submitted"}, final={"rejected"}),
        "valid_until",
        "verified_by",
        columns.age("verified_at", _("Verified")),
    ]
    list_select_related: ClassVar = ["supplier"]
    list_filter: ClassVar = ["status", "criterion", "supplier"]
    search_fields: ClassVar = ["issuer", "reference", "note", "supplier__name"]
    ordering: ClassVar = ["-id"]
    autocomplete_fields: ClassVar = ["brand", "product"]
    decision_columns: ClassVar = [
        columns.status("status", _("Status"), waiting={"submitted"}, final={"rejected"}),
        "submitted_by",
        "verified_by",
        "verified_at",
        digest,
        columns.status_history,
    ]
    actions_detail: ClassVar = ["verify", "reject"]
    available_if: ClassVar = {
        "verify": lambda row: row.status == ComplianceDocument.Status.SUBMITTED,
        "reject": lambda row: row.status != ComplianceDocument.Status.REJECTED,
    }

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        if obj is None:
            return ["supplier", *SUBMITTED_FIELDS, "document"]
        return ["supplier", *SUBMITTED_FIELDS, self.file_link, *self.decision_columns]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return [] if obj is None else self.get_fields(request, obj)

    @admin.display(description=_("File"))
    def file_link(self, document: ComplianceDocument) -> str:
        if not document.file:
            return gettext("none")
        page = reverse("admin:suppliers_compliancedocument_file", args=[document.pk])
        return format_html('<a href="{}" download>{}</a>', page, gettext("Download"))

    def get_urls(self) -> list[URLPattern]:
        download = path(
            "<int:pk>/file/",
            self.admin_site.admin_view(self.download),
            name="suppliers_compliancedocument_file",
        )
        return [download, *super().get_urls()]

    def download(self, request: HttpRequest, pk: int) -> HttpResponse:
        document = self.get_object(request, str(pk))
        if document is None or not self.has_view_permission(request, document):
            raise PermissionDenied("suppliers.view_compliancedocument")
        if not document.file:
            raise Http404(gettext("The document has no file."))
        try:
            return documents.download(document.file, stem=f"document-{document.pk}")
        except FileNotFoundError as error:
            raise Http404(gettext("The document has no file.")) from error

    def save_model(
        self,
        request: HttpRequest,
        obj: ComplianceDocument,
        form: ComplianceDocumentForm,
        change: bool,
    ) -> None:
        document = vetting.submit(supplier=obj.supplier, claim=form.claim(), **acting(request))
        obj.pk = document.pk
        obj.refresh_from_db()

    @_document_action(description=_("Verify"), icon="verified")
    def verify(
        self, request: HttpRequest, document: ComplianceDocument, cleaned_data: Mapping[str, Any]
    ) -> None:
        vetting.verify(document=document, **cleaned_data, **acting(request))

    @_document_action(description=_("Reject"), icon="close")
    def reject(
        self, request: HttpRequest, document: ComplianceDocument, cleaned_data: Mapping[str, Any]
    ) -> None:
        vetting.reject(document=document, **cleaned_data, **acting(request))


Status = Supplier.Status


def _explain_status(supplier: Supplier) -> str:
    text = gettext("%(name)s is now “%(status)s”. Orders are sent to active suppliers only.")
    return text % {"name": supplier.name, "status": supplier.get_status_display()}


def _explain_block(supplier: Supplier) -> str:
    final = gettext("Blocking is permanent: the supplier can never be activated again.")
    return f"{_explain_status(supplier)} {final}"


_status_action = partial(confirmed_action, explain=_explain_status, form_class=ReasonForm)


def _status_updated(supplier: Supplier) -> str:
    return gettext("Supplier status of %(name)s updated.") % {"name": supplier.name}


class VettingActions(StaffAdmin):
    available_if: ClassVar = {
        "activate": lambda row: row.status not in {Status.ACTIVE, Status.BLOCKED},
        "pause": lambda row: row.status == Status.ACTIVE,
        "block": lambda row: row.status in {Status.CANDIDATE, Status.VETTING, Status.PAUSED},
    }
    user_errors: ClassVar[Errors] = (vetting.NotVettedError,)
    vetting_actions: ClassVar = ["scorecard", "activate", "pause", "block", "set_safety_stock"]

    @action(description=_("Scorecard"), icon="monitoring")
    def scorecard(self, request: HttpRequest, object_id: str) -> HttpResponse:
        supplier = self.row(request, object_id)
        return HttpResponseRedirect(reverse("scorecards:supplier", args=[supplier.code]))

    @_status_action(description=_("Activate"), icon="play_arrow")
    def activate(
        self, request: HttpRequest, supplier: Supplier, cleaned_data: Mapping[str, Any]
    ) -> str:
        vet_and_activate(supplier=supplier, **cleaned_data, **acting(request))
        return _status_updated(supplier)

    @_status_action(description=_("Pause"), icon="pause")
    def pause(
        self, request: HttpRequest, supplier: Supplier, cleaned_data: Mapping[str, Any]
    ) -> str:
        vetting.pause(supplier=supplier, **cleaned_data, **acting(request))
        return _status_updated(supplier)

    @confirmed_action(
        description=_("Block"), icon="block", explain=_explain_block, form_class=ReasonForm
    )
    def block(
        self, request: HttpRequest, supplier: Supplier, cleaned_data: Mapping[str, Any]
    ) -> str:
        vetting.block(supplier=supplier, **cleaned_data, **acting(request))
        return _status_updated(supplier)


def vet_and_activate(*, supplier: Supplier, **decision: Any) -> None:
    """Start the vetting of a candidate, then activate it.

    Raises: vetting.NotVettedError  required documents are missing; the message names them
    """
    if supplier.status == Status.CANDIDATE:
        vetting.start(supplier=supplier, **decision)
    vetting.activate(supplier=supplier, **decision)
