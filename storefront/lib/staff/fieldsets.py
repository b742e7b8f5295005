"""Admin fieldsets: group the fields of a page under titles."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

type Words = str | Promise
READ_ONLY_TITLE = _("System information")
OTHER_TITLE = _("More")


@dataclass(frozen=True, slots=True)
class Group:
    """A fieldset.

    ``fields`` are names of fields; ``columns`` are read-only columns, shown first. A group that has
    neither takes the editable fields that no group names.
    """

    title: Words
    fields: Sequence[str] = ()
    columns: Sequence[Any] = ()


def section(title: Words | None, *fields: Any) -> tuple[Words | None, dict[str, list[Any]]]:
    """Return one entry of an admin class's ``fieldsets``."""
    return title, {"fields": list(fields)}


def fieldsets(
    groups: Iterable[Group], *, editable: Iterable[Any], read_only: Iterable[Any]
) -> list[tuple[Words, dict[str, Any]]]:
    """Return a page's fieldsets; read-only fields that no group names come last."""
    groups = list(groups)
    if all(group.columns or group.fields for group in groups):
        groups.append(Group(OTHER_TITLE))  # for fields that no group names
    named = {name for group in groups for name in (*group.columns, *group.fields)}
    editable, read_only = list(editable), list(read_only)
    others = [one for one in editable if one not in named]
    shown = {*editable, *read_only}
    sections: list[tuple[Words, list[Any]]] = []
    for group in groups:
        names = [*group.columns, *group.fields]
        sections.append((group.title, [one for one in names if one in shown] if names else others))
    sections.append((READ_ONLY_TITLE, [one for one in read_only if one not in named]))
    return [(title, {"fields": fields}) for title, fields in sections if fields]
