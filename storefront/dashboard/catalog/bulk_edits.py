"""Bulk edit pages: choose fields and values for a selection, dry run, apply, undo."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ERROR_FLAG
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from catalog.bulk_edits import application, fields, file_fields, planning, tasks
from catalog.bulk_edits.fields import BulkField
from catalog.bulk_edits.forms import FieldsForm, ValuesForm, initial_values
from catalog.models import BulkEdit, BulkEditRow, Image, Product, Variant
from catalog.products.spec_edits import CAN_BE_UNLIKELY
from catalog.products.staff.spec_form import finding_label
from storefront.dashboard import staff_page
from storefront.lib.staff.admin import SERVICE_ERRORS, acting
from storefront.lib.staff.list_actions import csv_response
from suppliers.catalog_files import imports
from suppliers.models import CatalogImport

PER_PAGE = 100
REFRESH_AFTER_S = 2
MODELS = {BulkEdit.Kind.PRODUCTS: Product, BulkEdit.Kind.VARIANTS: Variant}
RIGHTS = {
    BulkEdit.Kind.PRODUCTS: "catalog.change_product",
    BulkEdit.Kind.VARIANTS: "catalog.change_variant",
}
Outcome, Status = BulkEditRow.Outcome, BulkEdit.Status
FILE_RIGHTS = tuple(RIGHTS.values())  # a file states values of products and of variants
CREATION_RIGHTS = ("catalog.add_product", "catalog.add_variant")
EVIDENCE_RIGHTS = {
    file_fields.DOCUMENTS_CODE: "catalog.change_productdocument",
    file_fields.GUARANTEE_CODE: "catalog.change_productguarantee",
}
REMOVAL_RIGHTS = ("catalog.delete_product", "catalog.delete_variant")
# Outcomes in the order of their tabs.
SHOWN = (
    *(Outcome.REJECTED, Outcome.CONFLICT, Outcome.KEPT, Outcome.NEW, Outcome.PLANNED),
    *(Outcome.CREATED, Outcome.CHANGED, Outcome.REMOVED, Outcome.RESTORED, Outcome.UNCHANGED),
    Outcome.PENDING,
)


def create(request: HttpRequest, kind: str) -> HttpResponse:
    """Show the fields for the rows that pass the filters in the query; on POST store a draft.

    ``of=products`` selects the variants of the products that pass the filters.
    """
    staff_page.require(request, RIGHTS[BulkEdit.Kind(kind)])
    query = request.GET.copy()
    listed = Product if query.pop("of", None) else MODELS[BulkEdit.Kind(kind)]
    request.GET = query  # type: ignore[assignment]  # the list accepts only its own parameters
    model_admin = admin.site.get_model_admin(listed)
    listing = reverse(f"admin:catalog_{listed._meta.model_name}_changelist")  # noqa: SLF001
    try:
        rows = model_admin.get_changelist_instance(request).get_queryset(request)
    except IncorrectLookupParameters:
        return HttpResponseRedirect(f"{listing}?{ERROR_FLAG}=1")
    if listed is not MODELS[BulkEdit.Kind(kind)]:
        rows = Variant.objects.filter(product__in=rows.order_by().values("pk"))
    form = FieldsForm(request.POST or None, kind=kind)
    if request.method == "POST" and form.is_valid():
        try:
            edit = planning.create_edit(rows, kind=kind, **acting(request))
        except planning.TooManyRowsError:
            message = gettext("A bulk edit has at most %(most)s rows. Add a filter.")
            form.add_error(None, message % {"most": planning.MAX_ROWS})
        else:
            return HttpResponseRedirect(_url(edit, field=form.cleaned_data["field"]))
    return staff_page.render(
        request,
        "dashboard/catalog/bulk_edit_fields.html",
        title=gettext("Bulk edit"),
        form=form,
        count=rows.count(),
        listing=f"{listing}?{query.urlencode()}",
    )


def show(request: HttpRequest, edit_id: int) -> HttpResponse:
    edit = get_object_or_404(BulkEdit, pk=edit_id)
    rights = FILE_RIGHTS if edit.file_name else (RIGHTS[BulkEdit.Kind(edit.kind)],)
    if edit.status == Status.READY and edit.rows.filter(outcome=Outcome.NEW).exists():
        rights = (*rights, *CREATION_RIGHTS)
    if edit.status == Status.APPLIED and edit.rows.filter(outcome=Outcome.CREATED).exists():
        rights = (*rights, *REMOVAL_RIGHTS)
    evidence_rights = _evidence_rights(edit)
    rights = (*rights, *evidence_rights)
    may_change = request.user.has_perms(rights)
    if request.method == "POST":
        staff_page.require(request, *rights)
        return _act(request, edit)
    staff_page.require(request, "catalog.view_bulkedit")
    is_entry = edit.status == Status.DRAFT or (
        edit.status in (Status.READY, Status.FAILED) and "field" in request.GET
    )
    if is_entry and not edit.file_name and may_change:
        return _show_values(request, edit)
    lacks_evidence_right = not request.user.has_perms(evidence_rights)
    return _show_rows(
        request, edit, may_change=may_change, lacks_evidence_right=lacks_evidence_right
    )


def _evidence_rights(edit: BulkEdit) -> list[str]:
    """Return the permissions that the documents and guarantees of a file need."""
    if not edit.file_name or edit.status not in {Status.READY, Status.APPLIED}:
        return []
    rows = edit.rows.filter(outcome__in=[*application.TO_APPLY, *application.TO_UNDO])
    return [
        right
        for code, right in EVIDENCE_RIGHTS.items()
        if rows.filter(after__has_key=code).exists()
    ]


def _act(request: HttpRequest, edit: BulkEdit) -> HttpResponse:
    step = request.POST.get("step", "")
    try:
        if step == "dry_run" and not edit.file_name:
            form = _values_form(request, edit, request.POST)
            if not form.chosen or not form.is_valid():
                return _show_values(request, edit, form)
            application.prepare(edit, operations=form.operations, **acting(request))
        elif step == "apply":
            application.start(edit, reasons=_entered_reasons(request), **acting(request))
        elif step == "undo":
            application.start_undo(edit, **acting(request))
        else:
            raise Http404
    except application.ReasonMissingError:
        return _show_rows(request, edit, may_change=True, has_missing_reason=True)
    except SERVICE_ERRORS:  # a second click: the first one is being done
        return HttpResponseRedirect(_url(edit))
    if edit.rows.count() <= application.MAX_AT_ONCE:
        application.continue_edit(edit.pk, now=timezone.now())
        if edit.file_name:  # the sweep does it after a worker
            imports.settle_imports(now=timezone.now())
    else:
        model_admin: Any = admin.site.get_model_admin(BulkEdit)
        model_admin.wake(request, tasks.run_edit, edit_id=edit.pk)
    return HttpResponseRedirect(_url(edit))


def _values_form(request: HttpRequest, edit: BulkEdit, submitted: Any = None) -> ValuesForm:
    codes = request.GET.getlist("field") or [each["field"] for each in edit.operations]
    return ValuesForm(submitted, kind=edit.kind, codes=codes, initial=initial_values(edit))


def _show_values(
    request: HttpRequest, edit: BulkEdit, form: ValuesForm | None = None
) -> HttpResponse:
    form = form or _values_form(request, edit)
    return staff_page.render(
        request,
        "dashboard/catalog/bulk_edit_values.html",
        title=gettext("Bulk edit"),
        edit=edit,
        form=form,
        count=edit.rows.count(),
        fields_form=None if form.chosen else FieldsForm(kind=edit.kind),
    )


def _show_rows(
    request: HttpRequest,
    edit: BulkEdit,
    *,
    may_change: bool,
    has_missing_reason: bool = False,
    lacks_evidence_right: bool = False,
) -> HttpResponse:
    counted = edit.rows.order_by().values_list("outcome").annotate(count=Count("pk"))
    counts: dict[str, int] = dict(counted)
    shown = [(outcome, counts[outcome]) for outcome in SHOWN if outcome in counts]
    outcome = request.GET.get("outcome", "")
    rows = edit.rows.order_by("position")
    if outcome in Outcome:
        rows = rows.filter(outcome=outcome)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    known, categories = file_fields.all_fields(), fields.category_names()
    is_open = edit.status in application.OPEN
    remaining = {
        Status.PREPARING: (Outcome.PENDING,),
        Status.APPLYING: application.TO_APPLY,
        Status.UNDOING: application.TO_UNDO,
    }.get(Status(edit.status), ())
    total = sum(counts.values())
    return staff_page.render(
        request,
        "dashboard/catalog/bulk_edit.html",
        title=str(edit),
        edit=edit,
        may_change=may_change,
        counts=[(code, Outcome(code).label, count) for code, count in shown],
        total=total,
        total_text=ngettext("%(count)d row", "%(count)d rows", total) % {"count": total},
        done=total - _count(counts, remaining),
        rejected=counts.get(Outcome.REJECTED, 0),
        planned=_count(counts, application.TO_APPLY),
        new=counts.get(Outcome.NEW, 0),
        changed=_count(counts, application.TO_UNDO),
        created=counts.get(Outcome.CREATED, 0),
        no_change_reason=_no_change_reason(edit, counts),
        columns_page=_columns_page(edit),
        failed_images=_count_failed_images(edit),
        refresh_after_s=REFRESH_AFTER_S if is_open else None,
        reasons=_reason_inputs(request, edit) if edit.status == Status.READY else [],
        has_missing_reason=has_missing_reason,
        lacks_creation_right=not request.user.has_perms(CREATION_RIGHTS),
        lacks_removal_right=not request.user.has_perms(REMOVAL_RIGHTS),
        lacks_evidence_right=lacks_evidence_right,
        outcome=outcome,
        page=page,
        operations=[_operation_text(operation, known, categories) for operation in edit.operations],
        rows=[
            {
                "row": row,
                "changes": _change_texts(row, known, categories),
                "findings": [
                    {**one, "label": finding_label(one["column"])} for one in row.findings
                ],
            }
            for row in page
        ],
    )


def _entered_reasons(request: HttpRequest) -> dict[str, str]:
    entered = ((name, request.POST.get(f"reason-{name}", "")) for name in CAN_BE_UNLIKELY)
    return {name: reason.strip() for name, reason in entered}


def _reason_inputs(request: HttpRequest, edit: BulkEdit) -> list[dict[str, str]]:
    """Return an input for each attribute whose unlikely values have no reason yet."""
    entered = _entered_reasons(request)
    return [
        {"name": f"reason-{column}", "label": finding_label(column), "value": entered[column]}
        for column in application.find_unexplained(edit)
    ]


def _columns_page(edit: BulkEdit) -> str:
    """Return the page of the columns from which a dry run was made, or ""."""
    if not edit.file_name or edit.status != Status.READY:
        return ""
    found = CatalogImport.objects.filter(edit=edit).values_list("pk", flat=True).first()
    return f"{reverse('supply:import', args=[found])}?columns=1" if found else ""


def _count_failed_images(edit: BulkEdit) -> int:
    """Return how many images of an imported file could not be fetched."""
    if not edit.file_name or edit.status != Status.APPLIED:
        return 0
    changed = edit.rows.filter(outcome__in=application.TO_UNDO)
    images = Image.objects.filter(product__in=changed.values("product"), stem="")
    return images.exclude(problem="").count()


def _count(counts: Mapping[str, int], outcomes: Iterable[str]) -> int:
    return sum(counts.get(outcome, 0) for outcome in outcomes)


def _change_texts(
    row: BulkEditRow, known: dict[str, BulkField], categories: dict[int, str]
) -> list[tuple[Any, ...]]:
    """Return the label of each changed field with its old and its new value."""
    texts: list[tuple[Any, ...]] = []
    for code, after in row.after.items():
        values = (row.before.get(code), after)
        if field := known.get(code):
            shown = (field.show(value, categories=categories) for value in values)
            texts.append((field.label, *shown))
        else:
            texts.append((code, *values))
    return texts


def _no_change_reason(edit: BulkEdit, counts: dict[str, int]) -> str:
    """Return why a dry run has nothing to apply; empty if it has, or if the edit is at another step."""
    if edit.status != Status.READY or _count(counts, application.TO_APPLY):
        return ""
    if not counts.get(Outcome.REJECTED):
        return gettext("All rows already have these values.")
    if counts.get(Outcome.UNCHANGED):
        return gettext("The rows are rejected or already have these values.")
    if edit.file_name:
        return gettext("All rows are rejected. Correct the file and upload it again.")
    return gettext("All rows are rejected.")


def download_rejected(request: HttpRequest, edit_id: int) -> HttpResponse:
    """Return the rejected rows with their reasons as CSV."""
    staff_page.require(request, "catalog.view_bulkedit")
    edit = get_object_or_404(BulkEdit, pk=edit_id)
    rows = edit.rows.filter(outcome=Outcome.REJECTED).order_by("position")
    headings = (gettext("Row"), gettext("Name"), gettext("Reason"))
    table = [headings, *rows.values_list("position", "name", "message")]
    return csv_response(table, f"rejected-{edit.pk}.csv")


def _operation_text(
    operation: dict[str, Any], known: dict[str, BulkField], categories: dict[int, str]
) -> str:
    each = known.get(operation["field"])
    label = each.label if each else operation["field"]
    value = each.show(operation["value"], categories=categories) if each else ""
    template = {
        "set": gettext("%(field)s: set to %(value)s"),
        "append": gettext("%(field)s: add %(value)s"),
        "remove": gettext("%(field)s: remove %(value)s"),
        "clear": gettext("%(field)s: clear"),
    }[operation["how"]]
    return template % {"field": label, "value": value}


def _url(edit: BulkEdit, **query: Any) -> str:
    return reverse("supply:bulk_edit", args=[edit.pk], query=query or None)
