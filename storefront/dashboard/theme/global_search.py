"""Global search (Ctrl-K): find orders, customers, parcels, products, suppliers and staff pages."""

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.text import capfirst
from unfold.dataclasses import SearchResult

from catalog.models import Product, Variant
from orders.models import CustomerInvoice, Order, PurchaseOrder, ReturnAuthorization
from shipping.models import Parcel
from storefront.accounts.models import User
from storefront.dashboard.theme import navigation
from storefront.lib.db.indexed_search import find_in_tables, plain_letters
from suppliers.models import Supplier, SupplierOffer

MIN_LENGTH = 2
MIN_SIMILARITY = 0.8  # of a word of a page's name, by difflib
MAX_ROWS = 5  # of each table
MAX_FOUND = 100  # of each search; of these the exact and the newest ones are shown
# Table -> icon, in the order of the results.
TABLES: dict[Any, str] = {
    Order: "receipt_long",
    PurchaseOrder: "outbox",
    Parcel: "local_shipping",
    ReturnAuthorization: "assignment_return",
    CustomerInvoice: "receipt",
    User: "person",
    Product: "flashlight_on",
    Variant: "style",
    SupplierOffer: "inventory_2",
    Supplier: "factory",
}


def find_rows(request: HttpRequest, text: str) -> list[SearchResult]:
    """Return rows and pages that the user may see: exact matches, then pages, then other rows.

    All tables are searched in one statement, each by the ``searches`` of its list.
    """
    # The site converts the text to lower case, but the SKUs of suppliers may have both.
    text = request.GET.get("s", text).strip()
    if len(text) < MIN_LENGTH:
        return []
    pages: list[Any] = [
        page
        for page in map(admin.site.get_model_admin, TABLES)
        if page.has_view_permission(request)
    ]
    found = find_in_tables([page.searches(text) for page in pages], limit=MAX_FOUND)
    exact: list[SearchResult] = []
    others: list[SearchResult] = []
    for page, ids in zip(pages, (each.ids for each in found), strict=True):
        shown = sorted(ids, key=lambda pk: (not ids[pk], -pk))[:MAX_ROWS]
        for pk, result in _results(request, page, shown):
            (exact if ids[pk] else others).append(result)
    return [*exact, *_staff_pages(request, text), *others]


def _results(request: HttpRequest, page: Any, ids: list[int]) -> Iterator[tuple[int, SearchResult]]:
    if not ids:
        return
    rows = page.get_queryset(request).in_bulk(ids)
    for pk in ids:
        if pk in rows:
            yield (
                pk,
                SearchResult(
                    title=str(rows[pk]),
                    description=" · ".join(filter(None, _about(page, rows[pk]))),
                    link=page.page_of(rows[pk]),
                    icon=TABLES[page.model],
                ),
            )


def _about(page: Any, row: Any) -> Iterator[str]:
    """Yield what tells rows of one table apart: whose it is, from when, its status."""
    yield str(capfirst(page.opts.verbose_name))
    if isinstance(row, User):
        yield row.name
    if isinstance(row, Order):
        yield row.ship_to.get("name", "")
        yield formats.date_format(timezone.localtime(row.placed_at), "DATE_FORMAT")
    if isinstance(row, Order | PurchaseOrder | ReturnAuthorization | Supplier):
        yield row.get_status_display()


def _staff_pages(request: HttpRequest, text: str) -> Iterator[SearchResult]:
    """Yield the pages of the navigation with this name, unless the site finds them as a table.

    All words must be in the name, in any order, with at most small typing errors.
    """
    tables = {
        reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist"): meta.verbose_name_plural
        for model in apps.get_models()
        if admin.site.is_registered(model)
        for meta in [model._meta]  # noqa: SLF001 - Django's documented model API
    }
    wanted = text.casefold()
    words = _words(text)
    for group in navigation.groups(request):
        for item in group["items"]:
            is_table = wanted in str(tables.get(item["link"], "")).casefold()
            if not is_table and _has_words(item["title"], words):
                yield SearchResult(
                    title=item["title"],
                    description=group["title"],
                    link=item["link"],
                    icon=item["icon"],
                )


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", plain_letters(text).casefold())


def _has_words(title: str, words: list[str]) -> bool:
    """Return whether each word begins a word of the title, or is one with a typing error."""
    named = _words(title)
    return bool(words) and all(
        any(name.startswith(word) for name in named)
        or bool(get_close_matches(word, named, n=1, cutoff=MIN_SIMILARITY))
        for word in words
    )
