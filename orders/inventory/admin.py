"""Inventory admin: show allocations, record that the supplier's stock contains a sale."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders.inventory import stock_sync
from orders.models import Allocation
from storefront.lib.db.indexed_search import LargeTable
from storefront.lib.staff import columns
from storefront.lib.staff.admin import StaffAdmin, acting, action

# Joins of ``StockLevel.__str__``.
STOCK_LEVEL_JOINS = ("level__offer", "level__location__supplier")


class HasOrderFilter(admin.EmptyFieldListFilter):
    """Filters by whether an order was made; the model has no label for that reverse relation."""

    def __init__(self, *which: Any, **options: Any) -> None:
        super().__init__(*which, **options)
        self.title = gettext("Order")


@admin.display(description=_("Deducted from stock because"), ordering="doubt")
def outstanding_label(allocation: Allocation) -> str | None:
    return allocation.get_doubt_display() or None


@admin.display(description=_("Included in supplier stock because"), ordering="absorbed_by")
def absorbed_label(allocation: Allocation) -> str | None:
    return allocation.get_absorbed_by_display() or None


@admin.register(Allocation)
class AllocationAdmin(LargeTable, StaffAdmin):
    list_display: ClassVar = [
        "__str__",
        columns.link("line__order", _("Order")),
        columns.text("line__sku", _("SKU")),
        "quantity",
        columns.status("status", _("Status"), final={"shipped", "released"}),
        columns.age("status_since", _("Status since")),
        outstanding_label,
        absorbed_label,
        columns.age("absorbed_as_of", _("Stock as of")),
    ]
    list_select_related: ClassVar = ["line__order", *STOCK_LEVEL_JOINS]
    list_filter: ClassVar = ["status", "doubt", "absorbed_by", "level__offer__supplier"]
    search_fields: ClassVar = ["line__order__number", "line__variant__sku"]
    readonly_fields: ClassVar = [columns.status_history]
    actions: ClassVar = ["mark_absorbed"]

    @action(description=_("Mark as included in supplier stock"))
    def mark_absorbed(self, request: HttpRequest, rows: QuerySet[Allocation]) -> None:
        self.apply_to_each(
            request, rows, lambda row: stock_sync.mark_absorbed(allocation=row, **acting(request))
        )
