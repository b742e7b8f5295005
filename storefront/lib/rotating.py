"""Seal all secrets anew with the newest key, so that the older ones can be thrown away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cryptography.fernet import Fernet, InvalidToken
from django.apps import apps
from django.conf import settings
from django.db import models

from storefront.lib.sealing import BrokenSealError, SealedField, resealed


@dataclass(slots=True, kw_only=True)
class Count:
    """What became of the values of one column."""

    column: str
    resealed: int = 0
    new_already: int = 0
    changed_meanwhile: int = 0
    broken: int = 0


def columns() -> Iterator[tuple[type[models.Model], str]]:
    """Find every column of every table that holds sealed secrets."""
    for model in apps.get_models():
        for field in model._meta.get_fields():  # noqa: SLF001 - Django documents it
            if isinstance(field, SealedField):
                yield model, field.name


def rotate() -> list[Count]:
    """Seal every value anew that the newest key did not seal.

    One row at a time, each only if nobody changed it meanwhile: safe to be killed anywhere, and
    to be run again. A value that no key opens stays as it is, and is counted.
    """
    return [_rotate(model, name) for model, name in columns()]


def _rotate(model: type[models.Model], name: str) -> Count:
    count = Count(column=f"{model._meta.label}.{name}")  # noqa: SLF001
    newest = Fernet(settings.FIELD_KEYS[0])
    rows = model._base_manager.exclude(**{name: ""})  # noqa: SLF001 - also what is hidden
    for pk, sealed in rows.order_by("pk").values_list("pk", name).iterator():
        if _opens(newest, sealed):
            count.new_already += 1
            continue
        try:
            fresh = resealed(sealed)
        except BrokenSealError:
            count.broken += 1
            continue
        if rows.filter(pk=pk, **{name: sealed}).update(**{name: fresh}):
            count.resealed += 1
        else:
            count.changed_meanwhile += 1
    return count


def _opens(key: Fernet, sealed: str) -> bool:
    try:
        key.decrypt(sealed.encode())
    except InvalidToken:
        return False
    return True
