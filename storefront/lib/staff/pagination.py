"""Staff lists: title them, count rows, find the rows of a page by ids, warn of missing ones."""

from functools import cached_property
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import PAGE_VAR
from django.core.paginator import Page, Paginator
from django.db import DataError, models
from django.http import HttpRequest, HttpResponse
from django.utils.formats import number_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

MAX_COUNTED = 2_000
MAX_LISTED = 50_000  # rows that the pages of a list show; a late page takes longer
MAX_PAGE_DIGITS = 6
# PostgreSQL plans at most 8 tables together (join_collapse_limit): beside these joins those are the
# table of the list and the subquery of the page. With more, it would join all rows of the tables.
MAX_PLANNED_JOINS = 6


class AtLeast(int):
    """A number of rows of which there are more, displayed as ``2000+``."""

    def __str__(self) -> str:
        return f"{self:d}+"


class LimitedPaginator(Paginator):  # type: ignore[type-arg]  # not subscriptable at run time
    """Paginator that stops counting after ``MAX_COUNTED`` rows: more take longer than the page.

    All pages up to ``MAX_LISTED`` rows can still be opened: the count reaches at least to the page
    after ``requested``. A subquery finds the ids of a page in ``all_rows``: otherwise the database
    would read and join all columns of the rows that it filters, sorts or skips. A list with many
    joins reads the ids first.
    """

    requested = 1
    all_rows: Any = None  # a queryset without the conditions of the list

    @cached_property
    def count(self) -> int:
        limit = count_limit(self.requested, self.per_page)
        rows: Any = self.object_list
        found: int = rows.order_by().values("pk")[: limit + 1].count()
        return AtLeast(limit) if found > limit else found

    def page(self, number: int | str) -> "Page[Any]":
        if self.all_rows is None:
            return super().page(number)
        number = self.validate_number(number)
        skipped = (number - 1) * self.per_page
        rows: Any = self.object_list
        ids = rows.values_list("pk", flat=True)[skipped : skipped + self.per_page]
        if count_joins(rows.query.select_related) > MAX_PLANNED_JOINS:
            ids = list(ids)
        shown = self.all_rows.filter(pk__in=ids).order_by(*rows.query.order_by)
        shown.query.select_related = rows.query.select_related
        return Page(shown, number, self)


def count_joins(related: Any) -> int:
    """Return the number of tables in Django's nested mapping of joins."""
    return sum(1 + count_joins(further) for further in related.values()) if related else 0


def count_limit(page: int, per_page: int) -> int:
    """Return up to how many rows are counted for a page."""
    return min(max(MAX_COUNTED, (page + 1) * per_page), MAX_LISTED)


def page_number(text: str) -> int:
    """Return a page number of a query string, 1 if the text is not one."""
    return max(1, int(text)) if text.isdecimal() and len(text) <= MAX_PAGE_DIGITS else 1


class LimitedCount:
    """Mixin for admin classes: their lists have a ``LimitedPaginator``."""

    paginator = LimitedPaginator

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Let the list ignore its filters if a number in them is too large for a date or column."""
        try:
            return super().get_changelist_instance(request)  # type: ignore[misc]
        except (OverflowError, DataError) as error:
            raise IncorrectLookupParameters from error

    def get_paginator(
        self, request: HttpRequest, rows: Any, *args: Any, **options: Any
    ) -> LimitedPaginator:
        admin: Any = self
        paginator: LimitedPaginator = super().get_paginator(request, rows, *args, **options)  # type: ignore[misc]
        if rows.model is admin.model:  # not in the history of a row
            paginator.all_rows = admin.get_queryset(request)
        paginator.requested = page_number(request.GET.get(PAGE_VAR, ""))
        is_beyond = paginator.requested * paginator.per_page > MAX_LISTED
        if is_beyond and isinstance(paginator.count, AtLeast):
            message = _("A list shows up to %(limit)s rows. Narrow it by a search or a filter.")
            limit = number_format(MAX_LISTED, use_l10n=True, force_grouping=True)
            messages.warning(request, message % {"limit": limit})
        return paginator


MAX_NEWEST_ROWS = 1_000


class RecentValuesFilter(admin.AllValuesFieldListFilter):
    """Filter by the values of the newest rows: all values would be read from the whole table."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        choices: Any = self.lookup_choices
        newest = choices.model._base_manager.order_by("-pk")  # noqa: SLF001 - documented
        self.lookup_choices = choices.filter(pk__in=newest.values("pk")[:MAX_NEWEST_ROWS])


def _has_free_values(field: Any) -> bool:
    is_known = field.choices or field.remote_field
    return not is_known and not isinstance(field, models.BooleanField | models.DateField)


admin.FieldListFilter.register(_has_free_values, RecentValuesFilter, take_priority=True)


class ListTitle:
    """Mixin for admin classes: a list is titled by its rows, not "Select order to view"."""

    opts: Any

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        title = capfirst(self.opts.verbose_name_plural)
        lists: Any = super()
        answer: HttpResponse = lists.changelist_view(
            request, {"title": title, **(extra_context or {})}
        )
        return answer


def tell_of_missing_rows(request: HttpRequest, *, found: int) -> None:
    """Warn of selected rows that the filters of the list no longer show: others resolved them."""
    selected = {*request.POST.getlist(ACTION_CHECKBOX_NAME)}
    if (missing := len(selected) - found) > 0:
        text = ngettext(
            "%(n)s item was already resolved.", "%(n)s items were already resolved.", missing
        )
        messages.warning(request, text % {"n": missing})
