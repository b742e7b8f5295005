"""What a staff page asks and shows: fields in groups, each with a label and a sentence of help."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

type Words = str | Promise
FACTS = _("Facts that are only read here")


@dataclass(frozen=True, slots=True)
class Field:
    """How one field is spoken of: a label with its unit, and a sentence on what it does."""

    label: Words
    help_text: Words = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Fields that somebody fills in, or reads, for one purpose.

    Shape:  ``fields`` maps names to words; ``columns`` are made by ``columns`` and only read,
            and stand above the fields
    """

    title: Words
    fields: Mapping[str, Field] = field(default_factory=dict)
    columns: Sequence[Any] = ()


def labels(groups: Iterable[Group]) -> dict[str, Words]:
    return {name: words.label for group in groups for name, words in group.fields.items()}


def help_texts(groups: Iterable[Group]) -> dict[str, Words]:
    return {name: words.help_text for group in groups for name, words in group.fields.items()}


def fieldsets(
    groups: Iterable[Group], *, asked: Iterable[Any], read: Iterable[Any], others: Words
) -> list[tuple[Words, dict[str, Any]]]:
    """Put what is on a page into its groups; what no group names comes last, facts after fields.

    Shape:  ``asked`` are the fields that can be filled in, ``read`` the facts
    """
    asked, read = list(asked), list(read)
    left = [*asked, *(one for one in read if one not in asked)]
    made: list[tuple[Words, list[Any]]] = []
    for group in groups:
        mine = [one for one in (*group.columns, *group.fields) if one in left]
        made.append((group.title, mine))
        left = [one for one in left if one not in mine]
    made.append((others, [one for one in left if one not in read]))
    made.append((FACTS, [one for one in left if one in read]))
    return [(title, {"fields": fields}) for title, fields in made if fields]
