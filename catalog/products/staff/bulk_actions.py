"""Bulk actions: open the bulk edit of the selected products or variants."""

from typing import ClassVar

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from catalog.models import Product, Variant
from storefront.lib.staff.admin import StaffAdmin, action


def _edit_page(request: HttpRequest, kind: str, *, of: str = "") -> HttpResponseRedirect:
    """Open the edit of the selected rows, or of all rows that pass the filters of the list."""
    query = request.GET.copy()
    if request.POST.get("select_across") != "1":
        query.clear()
        query["id__in"] = ",".join(request.POST.getlist("_selected_action"))
    if of:
        query["of"] = of
    page = reverse("supply:new_bulk_edit", args=[kind])
    return HttpResponseRedirect(f"{page}?{query.urlencode()}")


class ProductBulkActions(StaffAdmin):
    bulk_actions: ClassVar = ["edit_selection", "edit_variants"]

    @action(description=_("Edit selection"))
    def edit_selection(
        self, request: HttpRequest, _rows: "QuerySet[Product]"
    ) -> HttpResponseRedirect:
        return _edit_page(request, "products")

    @action(description=_("Edit the variants of the selection"))
    def edit_variants(
        self, request: HttpRequest, _rows: "QuerySet[Product]"
    ) -> HttpResponseRedirect:
        return _edit_page(request, "variants", of="products")


class VariantBulkActions(StaffAdmin):
    bulk_actions: ClassVar = ["edit_selection"]

    @action(description=_("Edit selection"))
    def edit_selection(
        self, request: HttpRequest, _rows: "QuerySet[Variant]"
    ) -> HttpResponseRedirect:
        return _edit_page(request, "variants")
