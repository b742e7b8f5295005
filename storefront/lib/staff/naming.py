"""What tables, their columns and their rows are called where staff meet them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from storefront.lib.staff import fieldsets
from storefront.lib.staff.fieldsets import Words


def call(
    app: str, *, tables: Mapping[str, tuple[Words, Words]], columns: Mapping[str, Words]
) -> None:
    """Call the tables of an app, and their columns, by words on all staff pages.

    Lists, filters, pages and the rows below a page take them from here. Where the form of a
    table has a label of its own, its list says the same. Migrations know nothing of it.

    Shape:  ``tables`` maps a model to its name for one row and for many; ``columns`` maps a
            field, or ``Model.field`` where the name means something else there
    """
    for model in apps.get_app_config(app).get_models():
        meta: Any = model._meta  # noqa: SLF001 - Django's documented model API
        if names := tables.get(model.__name__):
            meta.verbose_name, meta.verbose_name_plural = names
        table = admin.site._registry.get(model)  # noqa: SLF001 - as the admin finds tables
        labels = fieldsets.labels(getattr(table, "groups", ()))
        for field in meta.fields:
            asked = (f"{model.__name__}.{field.name}", field.name)
            words = labels.get(field.name) or columns.get(asked[0]) or columns.get(asked[1])
            if words:
                field.verbose_name = words


def said(model: type[models.Model], column: str, value: Any) -> str:
    """Say a value of a column by the label of its choice; what is no choice, as it is written."""
    fields = model._meta.fields  # noqa: SLF001 - Django's documented model API
    known: dict[Any, Words] = next(
        (dict(one.flatchoices) for one in fields if one.name == column), {}
    )
    return str(known.get(value, value))


def names_of(model: type[models.Model]) -> tuple[str, ...]:
    """Tell what the list of a table joins: what the names of its rows are made of."""
    table = admin.site._registry.get(model)  # noqa: SLF001 - as the admin finds related tables
    joined = getattr(table, "list_select_related", ())
    return tuple(joined) if isinstance(joined, list | tuple) else ()


class NamedFilter(admin.RelatedFieldListFilter):
    """A filter by related rows, read with what their names are made of."""

    def field_choices(
        self, field: Any, request: HttpRequest, model_admin: admin.ModelAdmin[Any]
    ) -> list[tuple[str, Any]]:
        model = field.remote_field.model
        ordering = self.field_admin_ordering(field, request, model_admin)
        rows = model._default_manager.order_by(*ordering)  # noqa: SLF001
        return [(row.pk, str(row)) for row in rows.select_related(*names_of(model))]
