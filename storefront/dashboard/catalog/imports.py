"""Import wizard: upload a file, choose its columns, dry run over all rows, apply, report."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
)

from storefront.dashboard import staff_page
from storefront.lib.http.errors import PermanentError
from storefront.lib.staff.admin import SERVICE_ERRORS, acting
from storefront.lib.staff.list_actions import csv_response
from suppliers.catalog_files import findings, imports, tasks
from suppliers.catalog_files.own_columns import SKU, OwnColumns, may_repeat
from suppliers.connections import file_sources
from suppliers.connectors.feed.formats.detection import Detected
from suppliers.connectors.feed.mapping.spec import Format
from suppliers.connectors.feed.mapping.spec import Mapping as FeedMappingSpec
from suppliers.feed_mapping import sample as feed_mapping_sample
from suppliers.models import CatalogImport, Connection, Supplier
from suppliers.onboarding import dry_run as onboarding_dry_run

VIEW, ADD = "suppliers.view_catalogimport", "suppliers.add_catalogimport"
OWN_RIGHTS = ("catalog.change_product", "catalog.change_variant")
SUPPLIER_RIGHT = "suppliers.change_supplier"
Status = CatalogImport.Status
REFRESH_AFTER_S = 2
SHOWN_CHANGES = 200


TAB = "tab"  # in the form: a browser would strip the character
DELIMITERS = [
    (",", _("Comma")),
    (";", _("Semicolon")),
    (TAB, _("Tab")),
    ("|", _("Vertical bar")),
]
ENCODINGS = [
    ("utf-8", "UTF-8"),
    ("utf-16", "UTF-16"),
    ("cp1254", "Windows-1254 (Türkçe)"),
    ("cp1252", "Windows-1252"),
    ("cp1251", "Windows-1251"),
    ("cp1250", "Windows-1250"),
]


class UploadForm(forms.Form):
    file = forms.FileField(
        label=_("File"),
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".csv,.tsv,.txt,.xlsx"}),
        help_text=_("CSV or XLSX, at most 50 MB."),
    )
    supplier = forms.ModelChoiceField(
        Supplier.objects.none(),
        label=_("Belongs to"),
        required=False,
        empty_label=_("Our own products: the values win over feeds and are locked"),
        widget=UnfoldAdminSelectWidget,
    )

    def __init__(self, *args: Any, may_import: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["supplier"]
        uploads = Connection.objects.filter(options__via=file_sources.BY_HAND)
        known = Supplier.objects.filter(adapter=file_sources.FEED, connection__in=uploads)
        field.queryset = known.order_by("name") if may_import else known.none()


class FormatForm(forms.Form):
    """How a table is written; the detected format is chosen at first."""

    def __init__(self, *args: Any, row: CatalogImport, detected: Detected, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if detected.format == Format.XLSX:
            self._add("sheet", _("Sheet"), detected.sheet, [(n, n) for n in imports.sheets_of(row)])
        elif detected.format in {Format.CSV, Format.TSV}:
            known = detected.delimiter.replace("\t", TAB)
            self._add("delimiter", _("Delimiter"), known, DELIMITERS)
            encoding = {"utf-8-sig": "utf-8", "latin-1": "cp1252"}.get(
                detected.encoding, detected.encoding
            )
            self._add("encoding", _("Encoding"), encoding, ENCODINGS)

    def _add(self, name: str, label: Any, initial: str, choices: list[tuple[str, Any]]) -> None:
        offered = dict(choices)
        offered.setdefault(initial, initial)
        self.fields[name] = forms.ChoiceField(
            label=label,
            choices=list(offered.items()),
            initial=initial,
            widget=UnfoldAdminSelectWidget,
        )

    def reading(self, before: Mapping[str, str]) -> dict[str, str]:
        """Return the earlier choices with those that staff changed now."""
        changed = {name: self.cleaned_data[name] for name in self.changed_data}
        if "delimiter" in changed:
            changed["delimiter"] = changed["delimiter"].replace(TAB, "\t")
        return {**before, **changed}


class ColumnsForm(forms.Form):
    """One choice per column of the file."""

    blank = forms.ChoiceField(
        label=_("An empty cell means"),
        choices=CatalogImport.BlankCell.choices,
        widget=UnfoldAdminRadioSelectWidget,
    )

    def __init__(self, *args: Any, row: CatalogImport, headings: Any, **kwargs: Any) -> None:
        own = OwnColumns()
        suggested = row.columns or own.suggest(headings)
        super().__init__(*args, **kwargs)
        self.initial = {"blank": row.blank}
        self.headings = list(headings)
        self.labels = dict(own.choices())
        for index, heading in enumerate(self.headings):
            self.fields[f"column-{index}"] = forms.ChoiceField(
                label=_("Field of the column %(heading)s") % {"heading": heading},
                choices=[("", _("Not imported")), *own.choices()],
                required=False,
                initial=suggested.get(heading, ""),
                widget=UnfoldAdminSelectWidget,
            )

    def rows(self, columns: Any) -> list[tuple[forms.BoundField, Any]]:
        """Return each field with its column of the sample."""
        return [
            (self[f"column-{index}"], column)
            for index, column in enumerate(columns)
            if f"column-{index}" in self.fields
        ]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        self.columns: dict[str, str] = {}
        for index, heading in enumerate(self.headings):
            code = cleaned.get(f"column-{index}", "")
            if code and code in self.columns.values() and not may_repeat(code):
                message = gettext("Two columns have the field %(field)s.")
                self.add_error(f"column-{index}", message % {"field": self.labels[code]})
            elif code:
                self.columns[heading] = code
        if SKU not in self.columns.values():
            self.add_error(None, gettext("Choose the column that holds our SKU."))
        elif len(self.columns) == 1:
            self.add_error(None, gettext("Choose at least one column with values."))
        return cleaned


def create(request: HttpRequest) -> HttpResponse:
    staff_page.require(request, VIEW)
    if request.method == "POST":
        staff_page.require(request, ADD)
    may_import = request.user.has_perm(SUPPLIER_RIGHT)
    form = UploadForm(request.POST or None, request.FILES or None, may_import=may_import)
    if request.method == "POST" and form.is_valid():
        supplier, file = form.cleaned_data["supplier"], form.cleaned_data["file"]
        if supplier is None:
            staff_page.require(request, *OWN_RIGHTS)
        try:
            row = imports.upload(
                supplier=supplier, name=file.name, chunks=file.chunks(), **acting(request)
            )
        except (PermanentError, file_sources.FileTooLargeError) as error:
            form.add_error("file", str(error))
        else:
            return HttpResponseRedirect(_url(row))
    return staff_page.render(
        request,
        "dashboard/catalog/import_upload.html",
        title=gettext("Import a file"),
        form=form,
        may_upload=request.user.has_perm(ADD),
    )


def show(request: HttpRequest, import_id: int) -> HttpResponse:
    row = get_object_or_404(
        CatalogImport.objects.select_related("supplier", "edit", "run"), pk=import_id
    )
    if request.method == "POST":
        staff_page.require(request, *_rights(row))
        return _act(request, row)
    staff_page.require(request, VIEW)
    if row.status == Status.UPLOADED or (
        row.status in (Status.READY, Status.NOTHING, Status.FAILED) and "columns" in request.GET
    ):
        return _show_columns(request, row)
    if row.status in (Status.READY, Status.NOTHING, Status.APPLIED) and row.edit is not None:
        return HttpResponseRedirect(reverse("supply:bulk_edit", args=[row.edit.pk]))
    report = row.report
    return staff_page.render(
        request,
        "dashboard/catalog/import.html",
        title=row.file_name,
        row=row,
        may_change=request.user.has_perms(_rights(row)),
        refresh_after_s=REFRESH_AFTER_S if row.status in tasks.OPEN else None,
        changes=report.get("changes", [])[:SHOWN_CHANGES],
        rejections=report.get("rejections", [])[:SHOWN_CHANGES],
        **findings.page_context(report),
    )


def _rights(row: CatalogImport) -> tuple[str, ...]:
    return (ADD, *(OWN_RIGHTS if row.supplier is None else (SUPPLIER_RIGHT,)))


def _act(request: HttpRequest, row: CatalogImport) -> HttpResponse:
    step = request.POST.get("step", "")
    columns: dict[str, str] = {}
    blank = row.blank
    if step == "format" and row.supplier is None:
        return _choose_format(request, row)
    if step == "dry_run" and row.supplier is None:
        try:
            found = imports.read_sample(row)
        except (PermanentError, OSError):
            return _show_columns(request, row)
        form = ColumnsForm(request.POST, row=row, headings=found.detected.headers)
        if not form.is_valid():
            return _show_columns(request, row, form)
        columns, blank = form.columns, form.cleaned_data["blank"]
    try:
        if step == "dry_run":
            imports.request_dry_run(row, columns=columns, blank=blank, **acting(request))
        elif step == "apply":
            imports.request_apply(row, **acting(request))
        else:
            raise Http404
    except SERVICE_ERRORS:  # a second click: the first one is being done
        return HttpResponseRedirect(_url(row))
    model_admin: Any = admin.site.get_model_admin(CatalogImport)
    model_admin.wake(request, tasks.run_import, import_id=row.pk)
    return HttpResponseRedirect(_url(row))


def _choose_format(request: HttpRequest, row: CatalogImport) -> HttpResponse:
    page = HttpResponseRedirect(f"{_url(row)}?columns=1")
    try:
        form = FormatForm(request.POST, row=row, detected=imports.read_sample(row).detected)
        if form.is_valid():
            imports.choose_format(row, reading=form.reading(row.reading))
    except (PermanentError, OSError) as error:
        row.refresh_from_db()
        return _show_columns(request, row, problem=_reason(error))
    except SERVICE_ERRORS:  # another click has started the dry run
        return HttpResponseRedirect(_url(row))
    return page


def _reason(error: Exception) -> str:
    """Return why a file cannot be read; an error of the system would show a path of the server."""
    if isinstance(error, OSError):
        return gettext("The file is no longer on the server. Upload it again.")
    return str(error)


def _show_columns(
    request: HttpRequest,
    row: CatalogImport,
    form: ColumnsForm | None = None,
    *,
    problem: str = "",
) -> HttpResponse:
    shown: dict[str, Any] = {"problem": problem}
    try:
        found = imports.read_sample(row)
    except (PermanentError, OSError) as error:
        shown["problem"] = _reason(error)
    else:
        shown["sample"] = found
        if row.supplier is None:
            form = form or ColumnsForm(row=row, headings=found.detected.headers)
            shown |= {"form": form, "rows": form.rows(found.columns)}
            shown["format_form"] = FormatForm(row=row, detected=found.detected)
        else:
            shown |= _supplier_columns(row.supplier, row, found)
    return staff_page.render(
        request, "dashboard/catalog/import_columns.html", title=row.file_name, row=row, **shown
    )


def _supplier_columns(supplier: Supplier, row: CatalogImport, found: Any) -> dict[str, Any]:
    """Return the mapping of the supplier, and the columns that it does not read."""
    version = imports.active_mapping(supplier)
    page = reverse("admin:suppliers_supplier_mapping", args=[supplier.pk])
    shown: dict[str, Any] = {
        "version": version,
        "mapping_page": f"{page}?content=products&file={row.storage_name}",
    }
    if version is not None:
        mapping = FeedMappingSpec.read(version.spec)
        shown["unread"] = feed_mapping_sample.unread_columns(found.detected.headers, mapping)
    return shown


def download_rejected(request: HttpRequest, import_id: int) -> HttpResponse:
    """Return the rejected rows with their reasons as CSV."""
    staff_page.require(request, VIEW)
    row = get_object_or_404(CatalogImport, pk=import_id)
    headings = (gettext("Row"), gettext("Name"), gettext("Reason"))
    rejected = [
        (each.get("number"), each["row"], each["reason"])
        for each in row.report.get("rejections", ())
    ]
    return csv_response([headings, *rejected], f"rejected-{row.pk}.csv")


def download_findings(request: HttpRequest, import_id: int) -> HttpResponse:
    """Return the stored findings of a dry run as CSV."""
    staff_page.require(request, VIEW)
    row = get_object_or_404(CatalogImport, pk=import_id)
    table = findings.csv_table(row.report.get("findings", ()))
    return csv_response(table, f"findings-{row.pk}.csv")


def download_setup_findings(request: HttpRequest, supplier_id: int) -> HttpResponse:
    """Return the findings of the dry run in the setup of a supplier as CSV."""
    staff_page.require(request, SUPPLIER_RIGHT)
    supplier = get_object_or_404(Supplier.objects.select_related("connection"), pk=supplier_id)
    report = onboarding_dry_run.last_report(getattr(supplier, "connection", None))
    table = findings.csv_table(report.get("findings") or ())
    return csv_response(table, f"findings-{supplier.code}.csv")


def _url(row: CatalogImport) -> str:
    return reverse("supply:import", args=[row.pk])
