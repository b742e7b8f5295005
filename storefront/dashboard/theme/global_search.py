"""Global search (Ctrl-K): find orders, customers, parcels, products and suppliers in one place."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import capfirst
from unfold.dataclasses import SearchResult

from catalog.models import Product, Variant
from orders.models import Order, PurchaseOrder, ReturnAuthorization
from shipping.models import Parcel
from storefront.accounts.models import User
from suppliers.models import Supplier, SupplierOffer

MIN_LENGTH = 2
MAX_ROWS = 5  # of each table
# Table -> icon, in the order of the results.
TABLES: dict[Any, str] = {
    Order: "receipt_long",
    PurchaseOrder: "outbox",
    Parcel: "local_shipping",
    ReturnAuthorization: "assignment_return",
    User: "person",
    Product: "flashlight_on",
    Variant: "style",
    SupplierOffer: "inventory_2",
    Supplier: "factory",
}


def find_rows(request: HttpRequest, text: str) -> list[SearchResult]:
    """Return the first rows of each table that the user may see, as the search of its list does."""
    if len(text) < MIN_LENGTH:
        return []
    return [found for model, icon in TABLES.items() for found in _rows(request, model, icon, text)]


def _rows(request: HttpRequest, model: Any, icon: str, text: str) -> Iterator[SearchResult]:
    staff_page = admin.site.get_model_admin(model)
    if not staff_page.has_view_permission(request):
        return
    rows, may_repeat = staff_page.get_search_results(
        request, staff_page.get_queryset(request).order_by("-pk"), text
    )
    name = capfirst(model._meta.verbose_name)  # noqa: SLF001 - Django's documented model API
    page = f"admin:{model._meta.label_lower.replace('.', '_')}_change"  # noqa: SLF001
    for row in (rows.distinct() if may_repeat else rows)[:MAX_ROWS]:
        yield SearchResult(
            title=str(row), description=str(name), link=reverse(page, args=[row.pk]), icon=icon
        )
