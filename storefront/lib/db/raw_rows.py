"""Raw rows: list the columns of a model for plain SQL, make instances of its rows."""

import json
from collections.abc import Sequence
from functools import cache
from typing import Any

from django.db import connection, models


def columns_of(model: type[models.Model], table: str, json_as: str = "json") -> list[str]:
    """Return all columns of a model, with JSON columns cast: the driver parses ``json`` only."""
    return [
        f"{table}.{column.column}" + (f"::{json_as}" * isinstance(column, models.JSONField))
        for column in model._meta.concrete_fields  # noqa: SLF001 - Django's documented model API
    ]


@cache
def column_names(model: type[models.Model]) -> list[str]:
    return [column.attname for column in model._meta.concrete_fields]  # noqa: SLF001


@cache
def _json_columns(model: type[models.Model]) -> list[int]:
    return [
        index
        for index, column in enumerate(model._meta.concrete_fields)  # noqa: SLF001
        if isinstance(column, models.JSONField)
    ]


def from_row[M: models.Model](model: type[M], values: Sequence[Any]) -> M:
    return model.from_db(connection.alias, column_names(model), values)


def from_text_row[M: models.Model](model: type[M], values: Sequence[Any]) -> M:
    parsed: list[Any] = [list(value) if isinstance(value, tuple) else value for value in values]
    for index in _json_columns(model):
        parsed[index] = json.loads(parsed[index])
    return from_row(model, parsed)
