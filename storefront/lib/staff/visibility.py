"""Visibility of admin columns: hide columns and links that a staff member has no permission for."""

from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models

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
    if right and not user.has_perm(right):
        return getattr(field, "otherwise", None)
    path = field if is_name else getattr(field, "target_path", "")
    target = _related(model, path) if path else None
    if target is None or _may_open(user, target):
        return field
    return _as_text(model, path) if is_name else field.as_text


def _may_open(user: Any, model: type[models.Model]) -> bool:
    app, name = model._meta.app_label, model._meta.model_name  # noqa: SLF001 - Django's model API
    return any(user.has_perm(f"{app}.{verb}_{name}") for verb in ("view", "change"))


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
