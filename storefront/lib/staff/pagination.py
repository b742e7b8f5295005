"""Pagination of staff lists: count rows up to a limit, find late pages by ids."""

from functools import cached_property
from typing import Any

from django.contrib.admin.views.main import ORDER_VAR, PAGE_VAR
from django.core.paginator import Page, Paginator
from django.http import HttpRequest

MAX_COUNTED = 10_000
MAX_SKIPPED = 1_000  # rows that a page skips with all their columns and joins
MAX_PAGE_DIGITS = 6


class AtLeast(int):
    """A number of rows of which there are more, displayed as ``10000+``."""

    def __str__(self) -> str:
        return f"{self:d}+"


class LimitedPaginator(Paginator):  # type: ignore[type-arg]  # not subscriptable at run time
    """Paginator that stops counting after ``MAX_COUNTED`` rows: more take longer than the page.

    All pages can still be opened: the count reaches at least to the page after ``requested``. Pages
    of a list that the user sorted, and late pages, are found by ids: otherwise the database would
    read and join all columns of the rows that it sorts or skips.
    """

    requested = 1
    is_sorted = False

    @cached_property
    def count(self) -> int:
        limit = max(MAX_COUNTED, (self.requested + 1) * self.per_page)
        rows: Any = self.object_list
        found: int = rows.order_by()[: limit + 1].count()
        return AtLeast(limit) if found > limit else found

    def page(self, number: int | str) -> "Page[Any]":
        number = self.validate_number(number)
        skipped = (number - 1) * self.per_page
        if skipped <= MAX_SKIPPED and not self.is_sorted:
            return super().page(number)
        rows: Any = self.object_list
        ids = [*rows.values_list("pk", flat=True)[skipped : skipped + self.per_page]]
        return Page(rows.filter(pk__in=ids), number, self)


def page_number(text: str) -> int:
    """Return a page number of a query string, 1 if the text is not one."""
    return int(text) if text.isdecimal() and len(text) <= MAX_PAGE_DIGITS else 1


class LimitedCount:
    """Mixin for admin classes: their lists have a ``LimitedPaginator``."""

    paginator = LimitedPaginator

    def get_paginator(self, request: HttpRequest, *args: Any, **options: Any) -> LimitedPaginator:
        paginator: LimitedPaginator = super().get_paginator(request, *args, **options)  # type: ignore[misc]
        paginator.requested = page_number(request.GET.get(PAGE_VAR, ""))
        paginator.is_sorted = ORDER_VAR in request.GET
        return paginator
