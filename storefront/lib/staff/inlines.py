"""Admin inlines: show related rows below a row, read-only with links, or editable."""

from collections.abc import Callable
from functools import cached_property
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.utils import display_for_field, label_for_field, lookup_field
from django.db import models
from django.http import HttpRequest
from django.utils.functional import lazy
from django.utils.html import format_html
from unfold.admin import StackedInline, TabularInline
from unfold.forms import PaginationInlineFormSet

from storefront.lib.staff.columns import row_url
from storefront.lib.staff.visibility import visible_fields


class StaffFormSet(PaginationInlineFormSet):  # type: ignore[misc]  # unfold ships no types
    """Makes the empty form once; Django makes one for each of several uses on a page."""

    @cached_property
    def empty_form(self) -> Any:
        return super().empty_form


class ReadOnlyFormSet(StaffFormSet):
    """Reads the first page of rows, and counts the rows only if there are more."""

    def get_page(self, paginator: Any, page: int) -> Any:
        if page == 1:
            rows = [*self.queryset[: self.per_page + 1]]
            has_more = len(rows) > self.per_page
            paginator.count = self.queryset.count() if has_more else len(rows)
            paginator.object_list = rows
        return super().get_page(paginator, page)


class StaffInline(TabularInline):  # type: ignore[misc]  # unfold ships no types
    """Read-only rows of another table, each with a link to its page.

    ``related`` are relations to join for the shown columns; ``queryset_methods`` are methods of the
    queryset that annotate values the columns need.
    """

    formset = ReadOnlyFormSet
    related: ClassVar[tuple[str, ...]] = ()
    queryset_methods: ClassVar[tuple[str, ...]] = ()
    ordering: ClassVar = ["pk"]
    extra = 0
    max_num = 0
    can_delete = False
    per_page = 20
    tab = True
    show_title = False  # the columns already identify each row

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        rows: models.QuerySet[Any] = super().get_queryset(request)
        for method in self.queryset_methods:
            rows = getattr(rows, method)()
        return rows.select_related(*self.related) if self.related else rows

    def get_fields(self, request: HttpRequest, obj: models.Model | None = None) -> list[Any]:
        return visible_fields(request.user, self.model, super().get_fields(request, obj))

    def get_readonly_fields(
        self, request: HttpRequest, obj: models.Model | None = None
    ) -> list[Any]:
        return visible_fields(request.user, self.model, super().get_readonly_fields(request, obj))

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


class _ParentRights:
    """Rows are part of their parent: users who may change the parent may change them."""

    parent_model: type[models.Model]
    tab = True
    show_title = False
    extra = 0

    def _may_change(self, request: HttpRequest) -> bool:
        parent = self.parent_model._meta  # noqa: SLF001 - Django's documented model API
        return request.user.has_perm(f"{parent.app_label}.change_{parent.model_name}")

    def has_add_permission(self, request: HttpRequest, _row: Any = None) -> bool:
        return self._may_change(request)

    def has_change_permission(self, request: HttpRequest, _row: Any = None) -> bool:
        return self._may_change(request)

    def has_delete_permission(self, request: HttpRequest, _row: Any = None) -> bool:
        return self._may_change(request)


class LabeledFormSet(StaffFormSet):
    """Labels each input for screen readers: a table has labels only in its head."""

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        for field in form.fields.values():
            field.widget.attrs.setdefault("aria-label", str(field.label))


class EditableTable(_ParentRights, TabularInline):  # type: ignore[misc]  # unfold ships no types
    """Editable rows of another table, one per line. The parent's admin saves them."""

    formset = LabeledFormSet


class EditableForm(_ParentRights, StackedInline):  # type: ignore[misc]  # unfold ships no types
    """Editable rows of another table, each as a form. The parent's admin saves them."""

    formset = StaffFormSet


def inline(model: type[models.Model], *fields: Any, **options: Any) -> type[StaffInline]:
    """Return a read-only inline; the first field that is no relation links to the row's page."""
    link_field = next(
        (field for field in fields if isinstance(field, str) and _is_value(model, field)), None
    )
    shown = [_leading(model, field) if field == link_field else field for field in fields]
    options = {"model": model, "fields": shown, "readonly_fields": shown, **options}
    return type(f"{model.__name__}Inline", (StaffInline,), options)


def _is_value(model: type[models.Model], name: str) -> bool:
    return not model._meta.get_field(name).is_relation  # noqa: SLF001 - Django's model API


def _leading(model: type[models.Model], name: str) -> Callable[[models.Model], str]:
    """Return a column that shows a value and links to the page of its row."""

    def column(row: models.Model) -> str:
        field, _attribute, value = lookup_field(name, row)
        shown = value if field is None else display_for_field(value, field, "-")
        return format_html('<a href="{}">{}</a>', row_url(row), shown)

    # Lazy: labels are set only after all apps are loaded.
    label: Any = lazy(lambda: str(label_for_field(name, model)), str)()
    return admin.display(description=label, ordering=name)(column)
