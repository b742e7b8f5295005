"""Feed mapping admin: fetch or upload a file, build its mapping, preview it, restore a version."""

import json
from collections.abc import Mapping as Table
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from msgspec import structs
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminTextInputWidget

from catalog.records import ImportIssue
from storefront.lib.http.errors import ExternalServiceError, TemporaryError
from storefront.lib.staff import columns
from storefront.lib.staff.admin import (
    StaffAdmin,
    acting,
    action,
    confirmed_action,
    enqueue_or_fail,
    register_read_only,
)
from suppliers.connections import file_sources
from suppliers.connections import tasks as connection_tasks
from suppliers.connectors.feed.mapping.spec import FormatOverrides, Mapping, Source
from suppliers.feed_mapping import sample as feed_mapping_sample
from suppliers.feed_mapping import sample_fetch, tasks
from suppliers.feed_mapping.forms import MappingForm
from suppliers.models import FeedMapping, FeedUpload, FileContent, Supplier

REFRESH_AFTER_S = 3
STEPS = frozenset({"preview", "check", "save"})  # steps that submit the mapping


class UploadForm(forms.Form):
    file = forms.FileField(label=_("File"), widget=UnfoldAdminFileFieldWidget())
    made_at = forms.DateTimeField(
        label=_("File date (UTC)"),
        help_text=_("Empty = now. The stock in the file is as old as the file."),
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"type": "datetime-local"}),
    )

    def clean_file(self) -> Any:
        uploaded = self.cleaned_data["file"]
        if uploaded.size > file_sources.MAX_BYTES:
            raise forms.ValidationError(gettext("At most 200 MB."), code="too_large")
        return uploaded


class MappingActions(StaffAdmin):
    mapping_actions: ClassVar = ["mapping"]
    mapping_available_if: ClassVar = {"mapping": lambda row: row.adapter == file_sources.FEED}

    @action(description=_("Mapping"), icon="table_chart")
    def mapping(self, request: HttpRequest, object_id: str) -> HttpResponse:
        supplier = self.row(request, object_id)
        return MappingPage(self, request, supplier, requested_content(request)).answer()


def requested_content(request: HttpRequest) -> FileContent:
    content = request.GET.get("content", FileContent.PRODUCTS)
    return FileContent(content) if content in FileContent else FileContent.PRODUCTS


class MappingPage:
    """The page of one request; other pages show it with their own context (``extra``)."""

    def __init__(  # noqa: PLR0913 - the request and what it is about
        self,
        model_admin: StaffAdmin,
        request: HttpRequest,
        supplier: Supplier,
        content: FileContent,
        *,
        extra: Table[str, Any] | None = None,
        suggested_country: str = "",
    ) -> None:
        self.model_admin = model_admin
        self.extra = extra or {}
        self.suggested_country = suggested_country
        self.request = request
        self.supplier = supplier
        self.content = content
        self.upload = UploadForm()
        self.problem = ""
        self.fetch = sample_fetch.last_fetch(supplier=supplier, content=content, now=timezone.now())

    def answer(self) -> HttpResponse:
        step = self.request.POST.get("step", "") if self.request.method == "POST" else ""
        if step == "fetch":
            return self._fetch()
        if step == "upload":
            return self._store_upload()
        name = self.request.GET.get("file", "")
        if not name and self.fetch is not None and self.fetch.is_open:
            return self._show({"refresh_after_s": REFRESH_AFTER_S})
        name = name or feed_mapping_sample.newest_file(
            self.supplier, self.content, fetch=self.fetch
        )
        path = feed_mapping_sample.find_file(self.supplier, name)
        if path is None:
            return self._show({})
        try:
            return self._build(path, step)
        except ExternalServiceError as error:
            self.problem = str(error)
            return self._show({"file": name, **self._reading_only(step)})

    def _build(self, path: Path, step: str) -> HttpResponse:
        base = self._active()
        submitted = self.request.POST if step in STEPS else None
        reading = base.reading if base else Mapping().reading
        sample = feed_mapping_sample.read_sample(
            path, reading=_submitted_reading(submitted) if submitted else reading
        )
        suggested = structs.replace(sample.suggested, country=self.suggested_country)
        form = MappingForm(submitted, headers=sample.detected.headers, base=base or suggested)
        shown: dict[str, Any] = {"file": path.name, "sample": sample, "form": form}
        if submitted is None or not form.is_valid():
            return self._show(shown)
        previews = feed_mapping_sample.preview_file(
            path, form.mapping, content=self.content, supplier=self.supplier
        )
        shown["unread"] = feed_mapping_sample.unread_columns(sample.detected.headers, form.mapping)
        shown["refused"] = sum(preview.is_refused for preview in previews)
        good = sum(not isinstance(preview.record, ImportIssue) for preview in previews)
        token = self._token(path.name, form.mapping)
        if step == "save" and good:
            if constant_time_compare(str(submitted.get("seen", "")), token):
                return self._save(form.mapping)
            self.problem = gettext(
                "The mapping has changed since the dry run. Check its rows again."
            )
        if step == "check":
            shown["check"] = feed_mapping_sample.check_rows(
                path, form.mapping, content=self.content, supplier=self.supplier
            )
        return self._show({**shown, "previews": previews, "good": good, "seen": token})

    def _fetch(self) -> HttpResponse:
        """Queue the fetch for a worker, so that a hanging server does not block the page."""
        supplier, content = self.supplier, self.content.value
        try:
            if sample_fetch.request_fetch(supplier=supplier, content=content, now=timezone.now()):
                self._enqueue_fetch()
        except ExternalServiceError as error:
            self.problem = str(error)
            return self._show({})
        return self._redirect()

    def _enqueue_fetch(self) -> None:
        try:
            enqueue_or_fail(
                tasks.fetch_sample, supplier_id=self.supplier.pk, content=self.content.value
            )
        except TemporaryError:
            sample_fetch.cancel_request(supplier=self.supplier, content=self.content.value)
            raise

    def _store_upload(self) -> HttpResponse:
        self.upload = UploadForm(self.request.POST, self.request.FILES)
        if not self.upload.is_valid():
            return self._show({})
        uploaded = self.upload.cleaned_data["file"]
        stored = file_sources.store_upload(
            supplier=self.supplier,
            content=self.content,
            name=uploaded.name,
            chunks=uploaded.chunks(),
            actor=str(self.request.user),
            now=timezone.now(),
            made_at=self.upload.cleaned_data["made_at"],
        )
        return self._redirect(file=stored.storage_name)

    def _save(self, built: Mapping) -> HttpResponse:
        version = file_sources.save_mapping(
            supplier=self.supplier,
            content=self.content,
            spec=built.to_dict(),
            actor=str(self.request.user),
            now=timezone.now(),
        )
        with suppress(TemporaryError):  # staff can also start it on the supplier's page
            enqueue_or_fail(connection_tasks.run_health_check, supplier_id=self.supplier.pk)
        message = gettext("Saved. %(version)s is active from now on.") % {"version": version}
        self.model_admin.message_user(self.request, message, messages.SUCCESS)
        return self._redirect()

    def _active(self) -> Mapping | None:
        versions = FeedMapping.objects.filter(supplier=self.supplier, content=self.content)
        active = versions.filter(is_active=True).first()
        return Mapping.read(active.spec) if active else None

    def _reading_only(self, step: str) -> dict[str, Any]:
        """Return a form without columns, to set how to read a file that cannot be read."""
        submitted = self.request.POST if step in STEPS else None
        return {"form": MappingForm(submitted, headers=(), base=self._active() or Mapping())}

    def _token(self, name: str, built: Mapping) -> str:
        parts = [self.supplier.pk, self.content, name, built.to_dict()]
        text = json.dumps(parts, sort_keys=True)
        return salted_hmac("feed-mapping", text, algorithm="sha256").hexdigest()

    def _redirect(self, **more: str) -> HttpResponse:
        query = urlencode({"content": self.content.value, **more})
        return HttpResponseRedirect(f"{self.request.path}?{query}")

    def _show(self, shown: Table[str, Any]) -> HttpResponse:
        versions = FeedMapping.objects.filter(supplier=self.supplier, content=self.content)
        context = {
            "title": gettext("Mapping"),
            "content": self.content,
            "contents": FileContent.choices,
            "upload": self.upload,
            "problem": self.problem,
            "fetch": self.fetch,
            "versions": versions.order_by("-version")[:20],
            **self.extra,
            **shown,
        }
        return self.model_admin.render_page(
            self.request, "suppliers/feed_mapping.html", self.supplier, **context
        )


def _submitted_reading(submitted: Any) -> FormatOverrides:
    """Return the submitted reading settings; the form reports invalid ones."""
    form = MappingForm(submitted, headers=(), base=Mapping())
    form.is_valid()
    reading: FormatOverrides = form.mapping.reading
    minimal = Mapping(fields={"sku": Source(column="sku")}, reading=reading)
    return FormatOverrides() if any(minimal.validation_errors()) else reading


@admin.register(FeedMapping)
class FeedMappingAdmin(StaffAdmin):
    list_display: ClassVar = [
        "__str__",
        columns.text("supplier__name", _("Supplier")),
        "content",
        "version",
        "is_active",
        "created_by",
        columns.age("created_at", _("Created")),
    ]
    list_select_related: ClassVar = ["supplier"]
    list_filter: ClassVar = ["is_active", "content", "supplier"]
    ordering: ClassVar = ["-id"]
    exclude: ClassVar = ["spec"]
    readonly_fields: ClassVar = [columns.document("spec", _("Mapping"))]
    actions_detail: ClassVar = ["restore"]
    available_if: ClassVar = {"restore": lambda row: not row.is_active}

    @confirmed_action(
        description=_("Restore this version"),
        icon="history",
        explain=_("Copies this version as the newest version. The next run reads files with it."),
        done=_("Restored. The next run uses the mapping of %s."),
    )
    def restore(self, request: HttpRequest, version: FeedMapping, _cleaned_data: object) -> None:
        file_sources.restore_mapping(version=version, **acting(request))


register_read_only(
    FeedUpload,
    list_display=[
        "storage_name",
        columns.text("supplier__name", _("Supplier")),
        "content",
        "original_name",
        "size_bytes",
        "by",
        columns.age("at", _("When")),
        columns.age("made_at", _("Created")),
    ],
    list_select_related=["supplier"],
    list_filter=["content", "supplier"],
    search_fields=["original_name", "digest"],
    ordering=["-id"],
)
