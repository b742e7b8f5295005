"""How rows are named where staff choose among them: read with all that their names are made of."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest


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
