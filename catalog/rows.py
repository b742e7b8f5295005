"""Write rows in sets, and only what differs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django.db.models import DecimalField, Model

BATCH = 1000


def differing(row: Model, values: Mapping[str, Any]) -> list[str]:
    """Set the values that differ on a row in memory, and return their names."""
    names = [name for name, value in values.items() if getattr(row, name) != value]
    for name in names:
        setattr(row, name, values[name])
    return names


def update[M: Model](model: type[M], changed: Mapping[M, Iterable[str]]) -> None:
    """Write changed columns of many rows; rows with the same changes go together."""
    groups: dict[tuple[str, ...], list[M]] = {}
    for row, names in changed.items():
        if key := tuple(sorted(names)):
            groups.setdefault(key, []).append(row)
    for names, rows in groups.items():
        model._base_manager.bulk_update(rows, names, batch_size=BATCH)  # noqa: SLF001


def fitted(model: type[Model], column: str, value: Any) -> Any:
    """Round a decimal to the places its column keeps, so that it compares equal when read."""
    field = model._meta.get_field(column)  # noqa: SLF001 - the public way to ask a model
    if isinstance(field, DecimalField) and isinstance(value, Decimal):
        return value.quantize(Decimal(1).scaleb(-(field.decimal_places or 0)))
    return value
