"""Visibility of admin columns: hide columns and links that a staff member has no permission for.

Columns that show costs or suppliers are hidden without ``view_costs`` (``cost_rights``).
"""

from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, ClassVar

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.http import HttpRequest

from storefront.lib.security import cost_rights
from storefront.lib.staff import columns

NO_RIGHTS: Mapping[str, str] = MappingProxyType({})


def visible_fields(
    user: Any,
    model: type[models.Model],
    fields: Iterable[Any],
    *,
    rights: Mapping[str, str] = NO_RIGHTS,
) -> list[Any]:
    """Return the read-only columns that a user may see; a link to a forbidden page becomes text.

    ``rights`` maps field names to the permission needed; a column of ``columns.restricted`` names
    its own permission.
    """
    shown = (_seen(user, model, field, rights) for field in fields)
    return [field for field in shown if field is not None]


def _seen(user: Any, model: type[models.Model], field: Any, rights: Mapping[str, str]) -> Any:
    is_name = isinstance(field, str)
    right = rights.get(field, "") if is_name else getattr(field, "right", "")
    shown = field if is_name else getattr(field, "path", "")
    is_hidden = bool(right) and not user.has_perm(right)
    if is_hidden or not may_see_path(user, model, shown):
        return getattr(field, "otherwise", None)
    path = field if is_name else getattr(field, "target_path", "")
    target = _related(model, path) if path else None
    if target is None or _may_open(user, target):
        return field
    return _as_text(model, path) if is_name else field.as_text


def _may_open(user: Any, model: type[models.Model]) -> bool:
    app, name = model._meta.app_label, model._meta.model_name  # noqa: SLF001 - Django's model API
    return any(user.has_perm(f"{app}.{verb}_{name}") for verb in ("view", "change"))


def may_see_path(user: Any, model: type[models.Model], path: str) -> bool:
    """Return whether the value at a path, such as ``supplier__name``, shows no secret cost."""
    return user.has_perm(cost_rights.VIEW_COSTS) or not _shows_costs(model, path)


@cache
def _shows_costs(model: type[models.Model], path: str) -> bool:
    here: Any = model
    for step in filter(None, path.split("__")):
        meta = here._meta  # noqa: SLF001 - Django's documented model API
        if cost_rights.is_cost_field(meta.app_label, meta.model_name, step):
            return True
        try:
            here = meta.get_field(step).related_model
        except FieldDoesNotExist:
            return False
        if here is None:
            return False
        if cost_rights.is_cost_table(here._meta.app_label, here._meta.model_name):  # noqa: SLF001
            return True
    return False


def _related(model: type[models.Model], path: str) -> type[models.Model] | None:
    """Return the model at the end of a path of foreign keys, else None."""
    here: Any = model
    for step in path.split("__"):
        try:
            here = here._meta.get_field(step).related_model  # noqa: SLF001
        except FieldDoesNotExist:
            return None
        if here is None:
            return None
    return here  # type: ignore[no-any-return]


@cache  # the admin looks for the same column object in its fieldsets and its read-only fields
def _as_text(model: type[models.Model], name: str) -> columns.Column:
    label = columns.field_label(model, name)
    return columns.plain(name, label)


class HiddenFields:
    """Admin mixin: hides filters, lookups, searched fields and form fields that a user may not see."""

    opts: Any
    model: Any
    editable: ClassVar[Any]
    exclude: ClassVar[Any]
    rights: ClassVar[Any]
    _visible: Any

    def get_list_filter(self, request: HttpRequest) -> Any:
        """Return the filters without those that would list suppliers or costs to this user."""
        return [
            each
            for each in super().get_list_filter(request)  # type: ignore[misc]
            if may_see_path(request.user, self.model, _filtered_path(each))
        ]

    def get_search_fields(self, request: HttpRequest) -> Any:
        """Return the fields to search without those that would tell suppliers to this user."""
        return [
            path
            for path in super().get_search_fields(request)  # type: ignore[misc]
            if may_see_path(request.user, self.model, path.lstrip("=^@"))
        ]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Refuse a filter on a field that the user may not see: the result would reveal it."""
        field = lookup.partition("__")[0]
        right = self.rights.get(field, "")
        is_secret = field in (self.exclude or ()) and field not in self.get_list_filter(request)
        is_costly = not may_see_path(request.user, self.model, lookup)
        is_hidden = is_secret or is_costly or (right and not request.user.has_perm(right))
        return not is_hidden and bool(super().lookup_allowed(lookup, value, request))  # type: ignore[misc]

    def get_exclude(self, request: HttpRequest, obj: models.Model | None = None) -> Any:
        """Add the fields that this user may not see, which a form would show read-only."""
        declared = super().get_exclude(request, obj) or ()  # type: ignore[misc]
        if obj is None:
            return declared
        names = [field.name for field in self.opts.fields if field.name not in self.editable]
        shown = {*self._visible(request, names)}
        return [*declared, *(name for name in names if name not in shown)]


def _filtered_path(chosen: Any) -> str:
    """Return the path that a list filter reads; "" if it is a class that reads more."""
    path = chosen[0] if isinstance(chosen, tuple) else chosen
    return path if isinstance(path, str) else ""
