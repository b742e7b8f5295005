"""History admin: list the changed fields of a product or a variant, restore an earlier value."""

from functools import partial
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from catalog.models import FieldChange, OtherStatement, Product
from catalog.products.staff.history import restore
from catalog.products.staff.history.change_texts import ChangeTexts, Record
from catalog.products.staff.history.present_rows import (
    PresentRows,
    RestoreError,
    find_current,
    version_of,
)
from storefront.lib.db.indexed_search import LargeTable
from storefront.lib.security.cost_rights import VIEW_COSTS
from storefront.lib.staff import columns
from storefront.lib.staff.admin import StaffAdmin, register_read_only
from storefront.lib.text import row_id

PAGE_SIZE = 50
CHANGE_RIGHTS = {
    Record.PRODUCT: ("catalog.change_product",),
    Record.SPEC: ("catalog.change_product",),  # as on the page of the product
    Record.VARIANT: ("catalog.change_variant",),
    Record.IDENTIFIER: ("catalog.change_variant",),
    Record.MODE: ("catalog.change_product",),
    Record.IMAGE: ("catalog.change_product",),
    Record.TEXT: ("catalog.change_product",),
}


class FieldHistoryAdmin(StaffAdmin):
    """Admin of products or variants whose history page lists the changes of all fields."""

    object_history_template = "catalog/products/field_history.html"
    history_field: ClassVar = "product"  # of ``FieldChange``: refers to the rows of this admin

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_restore"
        view = self.admin_site.admin_view(require_POST(self.restore_view))
        return [path("<int:object_id>/restore/", view, name=name), *super().get_urls()]

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        rows: list[Any] = []
        older = ""
        if object_id.isdecimal():
            rows = self._changes(request, object_id)
            older = str(rows[PAGE_SIZE - 1].pk) if len(rows) > PAGE_SIZE else ""
        shown = {
            "changes": self._texts(request, rows[:PAGE_SIZE]),
            "older": older,
            "is_first_page": "before" not in request.GET,
            "shows_sources": request.user.has_perm(VIEW_COSTS),  # they name suppliers
        }
        context = {**(extra_context or {}), **shown}
        page: HttpResponse = super().history_view(request, object_id, context)
        return page

    def _changes(self, request: HttpRequest, object_id: str) -> list[FieldChange]:
        """Return one change more than a page shows, newest first."""
        rows = FieldChange.objects.filter(**{self.history_field: object_id})
        if before := row_id(request.GET.get("before", "")):
            rows = rows.filter(pk__lt=before)
        return list(rows.select_related("variant").order_by("-pk")[: PAGE_SIZE + 1])

    def _texts(self, request: HttpRequest, rows: list[FieldChange]) -> list[Any]:
        if not rows:
            return []
        texts, shown = ChangeTexts(rows), []
        present = {pk: PresentRows(pk) for pk in {row.product_id for row in rows}}
        for row in rows:
            obstacle = seen = ""
            try:
                seen = version_of(find_current(row, present[row.product_id], texts))
            except RestoreError as error:
                obstacle = str(error)
            if not may_restore(request, row):
                obstacle = _("You do not have the permission to edit it.")
            shown.append(texts.row(row, obstacle=obstacle, seen=seen))
        return shown

    def restore_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        row = self.row(request, str(object_id))
        changes = FieldChange.objects.filter(**{self.history_field: row}).select_related("variant")
        number, _colon, seen = request.POST.get("change", "").partition(":")
        change = changes.filter(pk=row_id(number)).first()
        if change is None:
            raise Http404
        if not may_restore(request, change):
            raise PermissionDenied
        page = reverse(f"admin:catalog_{self.opts.model_name}_history", args=[row.pk])
        text = ChangeTexts([change]).row(change)
        product_admin: Any = admin.site.get_model_admin(Product)
        try:
            with transaction.atomic():
                warnings = restore.restore(
                    change,
                    seen=seen,
                    request=request,
                    form_of_product=partial(product_admin.get_form, request, change=True),
                    now=timezone.now(),
                )
                done = _("Restored: %(field)s: %(value)s") % {
                    "field": text.label,
                    "value": text.old,
                }
                self.log_change(request, row, done)
        except RestoreError as error:
            refused = _("%(field)s was not restored. %(reason)s")
            values = {"field": text.label, "reason": error}
            self.message_user(request, refused % values, messages.ERROR)
            return HttpResponseRedirect(page)
        for warning in warnings:
            text_of = _("Unlikely: %(finding)s.") % {"finding": warning}
            self.message_user(request, text_of, messages.WARNING)
        hint = _("%(done)s. The field is locked: no import changes it.") % {"done": done}
        self.message_user(request, hint if restore.locks_field(change) else done, messages.SUCCESS)
        return HttpResponseRedirect(page)


def may_restore(request: HttpRequest, change: FieldChange) -> bool:
    return request.user.has_perms(CHANGE_RIGHTS[Record(change.record)])


register_read_only(
    FieldChange,
    LargeTable,
    list_display=[
        columns.age("at", gettext_lazy("When")),
        columns.link("product", gettext_lazy("Product")),
        "record",
        "field",
        "actor",
        "source",
    ],
    list_select_related=["product"],
    list_filter=["record"],
    search_fields=["actor", "variant__sku"],
    ordering=["-id"],
)


register_read_only(
    OtherStatement,
    list_display=[
        columns.link("product", gettext_lazy("Product")),
        "supplier_code",
        columns.age("stated_at", gettext_lazy("Stated at")),
    ],
    list_select_related=["product"],
    search_fields=["supplier_code", "product__title"],
    ordering=["-id"],
)
