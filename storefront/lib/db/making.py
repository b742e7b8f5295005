"""Make rows of models out of what a statement answered, by steps that were decided once.

Django decides them anew at each answer, and sets each column by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db.models import FETCH_ONE, Model, QuerySet
from django.db.models.base import ModelState
from django.db.models.query import ModelIterable


class NotMadeError(TypeError):
    """Rows of this question must be made by Django itself."""


class Maker:
    """Makes the rows of one queryset, whose compiler has put its statement together.

    Shape:  no signals are sent
    Raises: NotMadeError  a model makes its rows in another way than most
    """

    def __init__(self, queryset: QuerySet[Any], compiler: Any) -> None:
        told: Any = queryset
        if (
            told._iterable_class is not ModelIterable  # noqa: SLF001 - Django makes them as it says
            or told._known_related_objects  # noqa: SLF001
            or told._fetch_mode is not FETCH_ONE  # noqa: SLF001
        ):
            raise NotMadeError(str(queryset.model))
        self._annotated: Mapping[str, int] = compiler.annotation_col_map or {}
        self._make = _one(compiler.klass_info, compiler.select, queryset.db)

    def make(self, row: Sequence[Any]) -> Any:
        made = self._make(row)
        for name, place in self._annotated.items():
            setattr(made, name, row[place])
        return made


def _one(info: Mapping[str, Any], select: Sequence[Any], using: str) -> Callable[..., Any]:
    """Decide how the row of one model is made, and those that are read with it."""
    model, places = info["model"], info["select_fields"]
    if (
        info.get("from_parent")
        or list(places) != list(range(places[0], places[-1] + 1))
        or model.__init__ is not Model.__init__
        or model.from_db.__func__ is not Model.from_db.__func__  # type: ignore[attr-defined]
    ):
        raise NotMadeError(str(model))
    names = [select[place][0].target.attname for place in places]
    first, last = places[0], places[-1] + 1
    key = first + names.index(model._meta.pk.attname)  # noqa: SLF001
    others = [
        (_one(other, select, using), other["local_setter"], other["remote_setter"])
        for other in info.get("related_klass_infos", [])
    ]

    def make(row: Sequence[Any]) -> Any:
        if row[key] is None:
            return None
        made = model.__new__(model)
        state = ModelState()
        state.adding, state.db = False, using
        made.__dict__["_state"] = state
        made.__dict__.update(zip(names, row[first:last], strict=True))
        for make_other, set_here, set_there in others:
            other = make_other(row)
            set_here(made, other)
            if other is not None:
                set_there(other, made)
        return made

    return make
