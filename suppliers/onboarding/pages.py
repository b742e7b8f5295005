"""Onboarding pages: one class per setup step; each shows its forms and handles what they submit."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext

from storefront.lib.http.errors import ExternalServiceError
from storefront.lib.staff.admin import ReasonForm, acting
from storefront.lib.staff.form_fields import use_staff_widgets
from storefront.lib.text import row_id
from suppliers.catalog_files import findings
from suppliers.compliance import vetting
from suppliers.compliance.admin import vet_and_activate
from suppliers.connections import file_sources, setup
from suppliers.connections import tasks as connection_tasks
from suppliers.connections.admin import last_health_check, start_supplier_task
from suppliers.connections.forms import ConnectionForm, connection_form
from suppliers.connections.setup import InvalidSetupError, SupplierInput
from suppliers.connectors.feed.mapping.spec import FormatOverrides
from suppliers.feed_mapping import sample as feed_sample
from suppliers.feed_mapping.admin import MappingPage, UploadForm, requested_content
from suppliers.models import (
    ComplianceDocument,
    Connection,
    FeedUpload,
    FileContent,
    Supplier,
    SyncIssue,
    SyncRun,
)
from suppliers.onboarding import dry_run, steps, tasks
from suppliers.onboarding.forms import (
    BasicsForm,
    ConnectionStepForm,
    DocumentStepForm,
    ServiceStepForm,
    kind_of,
)
from suppliers.onboarding.step_page import StepPage
from suppliers.onboarding.steps import StepName
from suppliers.sync import tasks as sync_tasks

REFRESH_AFTER_S = 3
# Without an answer by then, no worker runs.
WORKER_TIMEOUT = timedelta(minutes=2)
RUN_KINDS = (SyncRun.Kind.PRODUCTS, SyncRun.Kind.PRICES, SyncRun.Kind.STOCK)


class BasicsPage(StepPage):
    name = StepName.SUPPLIER
    template = "suppliers/onboarding/form.html"

    def _form(self) -> BasicsForm:
        initial: dict[str, Any] = {}
        if self.supplier:
            location = self.supplier.locations.filter(code=setup.DEFAULT_LOCATION).first()
            initial = {
                "kind": kind_of(self.supplier, self.connection),
                "country": location.country if location else "",
            }
        submitted = self.request.POST if self.request.method == "POST" else None
        return BasicsForm(submitted, instance=self.supplier, initial=initial)

    def details(self) -> dict[str, Any]:
        return {"form": self._form()}

    def submit(self, action: str) -> HttpResponse:  # noqa: ARG002 - there is one action
        form = self._form()
        if not form.is_valid():
            return self.show(form=form)
        values = form.cleaned_data
        is_new = self.supplier is None
        try:
            self.supplier = setup.save_basics(
                # The form has changed its instance.
                supplier=Supplier.objects.get(pk=self.supplier.pk) if self.supplier else None,
                code=values["code"],
                supplier_input=SupplierInput(
                    connector=form.connector, currency=values["currency"], name=values["name"]
                ),
                language=values["language"],
                options=form.options,
                country=form.location_country,
                now=self.now,
            )
        except InvalidSetupError as error:
            for name, reason in error.reasons.items():
                form.add_error("kind" if name == "connector" else name, reason)
            return self.show(form=form)
        if is_new:
            self.model_admin.log_addition(self.request, self.supplier, [{"added": {}}])
        else:
            self.log(gettext("Setup: supplier changed"))
        return self.proceed()


class ConnectionPage(StepPage):
    name = StepName.CONNECTION
    template = "suppliers/onboarding/connection.html"
    rights = ("suppliers.change_supplier", "suppliers.change_connection")

    @property
    def is_uploaded(self) -> bool:
        return steps.is_uploaded(self._existing(), self.connection)

    def _row(self) -> Connection:
        supplier = self._existing()
        return self.connection or Connection(supplier=supplier)

    def _form(self) -> ConnectionForm:
        row = self._row()
        form_class = connection_form(row, ConnectionStepForm)
        submitted = self.request.POST if self.request.method == "POST" else None
        return form_class(submitted, instance=row)

    def details(self) -> dict[str, Any]:
        found: dict[str, Any] = {"form": self._form()}
        if self.is_uploaded:
            upload = self._last_upload()
            found |= {"upload": UploadForm(), "uploaded": upload, **self._read(upload)}
            return found
        connection = self._row()
        found["health"] = last_health_check(self._existing())
        asked_at = _moment(self.request.GET.get("tested", ""))
        if asked_at and (connection.checked_at is None or connection.checked_at < asked_at):
            if self.now - asked_at < WORKER_TIMEOUT:
                found |= {"is_waiting": True, "refresh_after_s": REFRESH_AFTER_S}
            else:
                found["problem"] = gettext(
                    "No worker has tested the connection. Check that a worker is running, then test"
                    " again."
                )
        return found

    def _last_upload(self) -> FeedUpload | None:
        uploads = FeedUpload.objects.filter(supplier=self._existing(), content=FileContent.PRODUCTS)
        return uploads.order_by("-pk").first()

    def _read(self, upload: FeedUpload | None) -> dict[str, Any]:
        """Return how the uploaded file is read, or why it cannot be read."""
        path = feed_sample.find_file(self._existing(), upload.storage_name) if upload else None
        if path is None:
            return {}
        try:
            sample = feed_sample.read_sample(path, reading=FormatOverrides())
        except ExternalServiceError as error:
            return {"unreadable": str(error)}
        if not sample.columns:
            return {"unreadable": gettext("The file has no rows below the column names.")}
        return {"sample": sample}

    def submit(self, action: str) -> HttpResponse:
        form = self._form()
        # A valid file is kept even if another field is wrong: a browser does not send it again.
        shown = {"upload": self._store_upload()} if self.is_uploaded else {}
        if not form.is_valid() or any(upload.errors for upload in shown.values()):
            return self.show(form=form, **shown)
        form.save()
        self.log(gettext("Setup: connection changed"))
        if self.is_uploaded:
            uploaded = self._last_upload()
            if uploaded is None or self._read(uploaded).get("unreadable"):
                return self.stay()
            return self.proceed()
        if action == "test":
            start_supplier_task(connection_tasks.run_health_check, self._existing())
            return self.stay(f"?tested={int(self.now.timestamp())}")
        return self.proceed()

    def _store_upload(self) -> UploadForm:
        if "file" not in self.request.FILES and self._last_upload():
            return UploadForm()
        upload = UploadForm(self.request.POST, self.request.FILES)
        if upload.is_valid():
            uploaded = upload.cleaned_data["file"]
            file_sources.store_upload(
                supplier=self._existing(),
                content=FileContent.PRODUCTS,
                name=uploaded.name,
                chunks=uploaded.chunks(),
                made_at=upload.cleaned_data["made_at"],
                **acting(self.request),
            )
        return upload


class MappingStepPage(StepPage):
    """Maps the columns of a file, with the mapping page; then a dry run, also of an API."""

    name = StepName.MAPPING
    template = "suppliers/onboarding/dry_run.html"

    def answer(self) -> HttpResponse:
        supplier = self._existing()
        is_dry_run = self.request.POST.get("action") == "dry_run"
        # A page that refreshes itself has no form: what is typed would be lost.
        details = self.details()
        if not steps.is_feed(supplier) or is_dry_run or details["is_running"]:
            return super().answer()
        location = supplier.locations.filter(code=setup.DEFAULT_LOCATION).first()
        return MappingPage(
            self.model_admin,
            self.request,
            supplier,
            requested_content(self.request),
            extra={
                **self.context(),
                **details,
                "is_setup": True,
                "is_uploaded": steps.is_uploaded(supplier, self.connection),
            },
            suggested_country=location.country if location else "",
        ).answer()

    def details(self) -> dict[str, Any]:
        report = dry_run.last_report(self.connection)
        is_open = dry_run.is_running(report, now=self.now)
        supplier = self._existing()
        is_mapped = not steps.is_feed(supplier) or supplier.mappings.filter(is_active=True).exists()
        return {
            "report": report,
            **findings.page_context(report),
            "is_running": is_open,
            "is_lost": bool(report) and not is_open and not report["ended_at"],
            "is_mapped": is_mapped,
            **({"refresh_after_s": REFRESH_AFTER_S} if is_open else {}),
        }

    def submit(self, action: str) -> HttpResponse:
        if action == "dry_run":
            dry_run.request(supplier=self._existing(), now=self.now)
            start_supplier_task(tasks.run_dry_run, self._existing())
        return self.stay()


class ImportPage(StepPage):
    name = StepName.IMPORT
    template = "suppliers/onboarding/import.html"

    def _form(self) -> ServiceStepForm | None:
        if not self.request.user.has_perm("suppliers.add_shippingservice"):
            return None
        is_submitted = self.request.POST.get("action") == "add_service"
        return ServiceStepForm(
            self.request.POST if is_submitted else None, supplier=self._existing()
        )

    def details(self) -> dict[str, Any]:
        supplier = self._existing()
        runs = [
            (kind, supplier.runs.filter(kind=kind).order_by("-pk").first()) for kind in RUN_KINDS
        ]
        asked_at = _moment(self.request.GET.get("started", ""))
        is_waiting = any(run is not None and run.ended_at is None for _kind, run in runs) or (
            asked_at is not None
            and self.now - asked_at < WORKER_TIMEOUT
            and any(run is None or run.started_at < asked_at for _kind, run in runs)
        )
        issues = SyncIssue.objects.filter(supplier=supplier, resolved_at__isnull=True)
        return {
            "runs": [(kind.label, run) for kind, run in runs],
            "issue_count": issues.count(),
            "is_waiting": is_waiting,
            **({"refresh_after_s": REFRESH_AFTER_S} if is_waiting else {}),
            "locations": supplier.locations.order_by("pk").prefetch_related("services"),
            "form": self._form(),
        }

    def submit(self, action: str) -> HttpResponse:
        supplier = self._existing()
        if action == "import":
            first, *others = [kind.value for kind in RUN_KINDS]
            start_supplier_task(sync_tasks.sync_now, supplier, kind=first, then=others)
            self.log(gettext("Setup: import started"))
            return self.stay(f"?started={int(self.now.timestamp())}")
        if action == "add_service":
            form = self._form()
            if form is None:
                raise PermissionDenied("suppliers.add_shippingservice")
            if not form.is_valid():
                return self.show(form=form)
            service = form.save()
            self.log(gettext("Setup: shipping service %(name)s added") % {"name": service.code})
            messages.success(self.request, gettext("Shipping service added."))
        return self.stay()


class ActivationPage(StepPage):
    name = StepName.ACTIVATION
    template = "suppliers/onboarding/activation.html"

    def _document_form(self) -> DocumentStepForm | None:
        if not self.request.user.has_perm("suppliers.add_compliancedocument"):
            return None
        is_submitted = self.request.POST.get("action") == "add_document"
        return DocumentStepForm(
            self.request.POST if is_submitted else None,
            self.request.FILES if is_submitted else None,
        )

    def _reason_form(self) -> ReasonForm:
        is_submitted = self.request.POST.get("action") == "activate"
        form = ReasonForm(self.request.POST if is_submitted else None)
        use_staff_widgets(form)
        return form

    def details(self) -> dict[str, Any]:
        supplier = self._existing()
        listed = steps.list_steps(supplier, now=self.now)
        return {
            "missing": vetting.missing_requirements(supplier=supplier, now=self.now),
            "documents": supplier.compliance_documents.order_by("-pk")[:20],
            "may_verify": self.request.user.has_perm("suppliers.change_compliancedocument"),
            "unfinished": [step for step in listed[:-1] if not step.is_done],
            "is_active": supplier.status == Supplier.Status.ACTIVE,
            "document_form": self._document_form(),
            "form": self._reason_form(),
        }

    def submit(self, action: str) -> HttpResponse:
        supplier = self._existing()
        if action == "add_document":
            form = self._document_form()
            if form is None:
                raise PermissionDenied("suppliers.add_compliancedocument")
            if not form.is_valid():
                return self.show(document_form=form)
            vetting.submit(supplier=supplier, claim=form.claim(), **acting(self.request))
            messages.success(self.request, gettext("Document added. Verify it next."))
        elif action == "verify":
            self._verify(supplier)
        elif action == "activate":
            return self._activate(supplier)
        return self.stay()

    def _verify(self, supplier: Supplier) -> None:
        if not self.request.user.has_perm("suppliers.change_compliancedocument"):
            raise PermissionDenied("suppliers.change_compliancedocument")
        pk = row_id(self.request.POST.get("document", ""))
        document = get_object_or_404(ComplianceDocument, pk=pk, supplier=supplier)
        try:
            vetting.verify(
                document=document, reason=gettext("Verified during setup"), **acting(self.request)
            )
        except vetting.UnverifiableDocumentError as refusal:
            messages.error(self.request, str(refusal))
        else:
            messages.success(self.request, gettext("Decision saved."))

    def _activate(self, supplier: Supplier) -> HttpResponse:
        form = self._reason_form()
        if not form.is_valid():
            return self.show(form=form)
        listed = steps.list_steps(supplier, now=self.now)
        if unfinished := [str(step.title) for step in listed[:-1] if not step.is_done]:
            message = gettext("Complete these steps first: %(names)s.")
            form.add_error(None, message % {"names": ", ".join(unfinished)})
            return self.show(form=form)
        try:
            vet_and_activate(supplier=supplier, **form.cleaned_data, **acting(self.request))
        except vetting.NotVettedError as refusal:
            form.add_error(None, str(refusal))
            supplier.refresh_from_db()
            return self.show(form=form)
        message = gettext("%(name)s is active. Orders are sent to it from now on.")
        messages.success(self.request, message % {"name": supplier.name})
        return HttpResponseRedirect(self.model_admin.page_of(supplier))


PAGES: dict[StepName, type[StepPage]] = {
    page.name: page
    for page in (BasicsPage, ConnectionPage, MappingStepPage, ImportPage, ActivationPage)
}


def _moment(text: str) -> datetime | None:
    """Return the moment of a timestamp in a URL; None if it is none."""
    with suppress(ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(int(text), tz=UTC)
    return None
