"""Admin fieldsets: group fields, give each a label with its unit and a help text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

type Words = str | Promise
FACTS = _("Facts that are only read here")
MORE = _("More")


@dataclass(frozen=True, slots=True)
class Field:
    """How one field is spoken of: a label with its unit, and a sentence on what it does."""

    label: Words
    help_text: Words = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Fields that somebody fills in, or reads, for one purpose.

    Shape:  ``fields`` maps names to words; ``columns`` are made by ``columns`` and only read,
            and stand above the fields. A group that names nothing takes what can be filled in
            and no group names
    """

    title: Words
    fields: Mapping[str, Field] = field(default_factory=dict)
    columns: Sequence[Any] = ()


def labels(groups: Iterable[Group]) -> dict[str, Words]:
    return {name: words.label for group in groups for name, words in group.fields.items()}


def help_texts(groups: Iterable[Group]) -> dict[str, Words]:
    return {name: words.help_text for group in groups for name, words in group.fields.items()}


def fieldsets(
    groups: Iterable[Group], *, asked: Iterable[Any], read: Iterable[Any]
) -> list[tuple[Words, dict[str, Any]]]:
    """Put what is on a page into its groups; facts that no group names come last.

    Shape:  ``asked`` are the fields that can be filled in, ``read`` the facts
    """
    groups = list(groups)
    if all(group.columns or group.fields for group in groups):
        groups.append(Group(MORE))  # what nobody has words for yet is not lost
    named = {name for group in groups for name in (*group.columns, *group.fields)}
    asked, read = list(asked), list(read)
    others = [one for one in asked if one not in named]
    shown = {*asked, *read}
    made: list[tuple[Words, list[Any]]] = []
    for group in groups:
        mine = [*group.columns, *group.fields]
        made.append((group.title, [one for one in mine if one in shown] if mine else others))
    made.append((FACTS, [one for one in read if one not in named]))
    return [(title, {"fields": fields}) for title, fields in made if fields]
