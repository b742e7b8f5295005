"""Key rotation: find all encrypted columns, re-encrypt their values with the newest key."""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from django.apps import apps
from django.conf import settings
from django.db import models

from storefront.lib.security.encryption import DecryptionError, EncryptedTextField, reencrypt

MAX_EXAMINED = 1_000  # values of a column; messages are many
# A model, one of its columns, and the keys with encrypted texts if the column is JSON.
type Column = tuple[type[models.Model], str, Collection[str] | None]


@dataclass(slots=True, kw_only=True)
class RotationCount:
    """Results of the rotation of one column."""

    column: str
    reencrypted: int = 0
    already_current: int = 0
    changed_meanwhile: int = 0
    broken: int = 0


def encrypted_columns() -> Iterator[tuple[type[models.Model], str]]:
    """Yield every encrypted column of every model."""
    for model in apps.get_models():
        for field in model._meta.get_fields():  # noqa: SLF001 - Django documents it
            if isinstance(field, EncryptedTextField):
                yield model, field.name


# Tables with encrypted texts inside JSON: label -> column and keys.
_json_columns: dict[str, tuple[str, Collection[str]]] = {}


def register_json_column(label: str, *, column: str, keys: Collection[str]) -> None:
    """Register a JSON column whose ``keys`` hold encrypted texts, to be rotated too."""
    _json_columns[label] = (column, keys)


def rotate() -> list[RotationCount]:
    """Re-encrypt every value that the newest key did not encrypt.

    One row at a time, each only if unchanged meanwhile: safe to interrupt and to repeat. A value
    that no key decrypts stays as it is and is counted.
    """
    return [_rotate(*column) for column in _columns()]


def count_broken() -> dict[str, int]:
    """Count the newest values that no key of ``FIELD_KEYS`` decrypts, by column, if there are any."""
    newest, counts = Fernet(settings.FIELD_KEYS[0]), Counter[str]()
    for model, name, keys in _columns():
        newest_rows = _rows(model, name).reverse()[:MAX_EXAMINED]
        for stored in newest_rows.values_list(name, flat=True):
            try:
                _fresh(newest, stored, keys)
            except DecryptionError:
                counts[_label(model, name)] += 1
    return dict(counts)


def _columns() -> Iterator[Column]:
    for model, name in encrypted_columns():
        yield model, name, None
    for label, (name, keys) in _json_columns.items():
        yield apps.get_model(label), name, keys


def _label(model: type[models.Model], name: str) -> str:
    return f"{model._meta.label}.{name}"  # noqa: SLF001 - Django documents it


def _rows(model: type[models.Model], name: str) -> models.QuerySet[Any]:
    return model._base_manager.exclude(**{name: ""}).order_by("pk")  # noqa: SLF001 - hidden rows too


def _rotate(model: type[models.Model], name: str, keys: Collection[str] | None) -> RotationCount:
    count = RotationCount(column=_label(model, name))
    newest = Fernet(settings.FIELD_KEYS[0])
    rows = _rows(model, name)
    for pk, stored in rows.values_list("pk", name).iterator():
        try:
            fresh = _fresh(newest, stored, keys)
        except DecryptionError:
            count.broken += 1
            continue
        if fresh == stored:
            count.already_current += 1
        elif rows.filter(pk=pk, **{name: stored}).update(**{name: fresh}):
            count.reencrypted += 1
        else:
            count.changed_meanwhile += 1
    return count


def _fresh(newest: Fernet, stored: Any, keys: Collection[str] | None) -> Any:
    """Return a value re-encrypted with the newest key, or as it is if that key encrypted it."""
    if keys is not None:
        sealed = {key: stored[key] for key in keys if key in stored}
        return {
            **stored,
            **{key: _fresh(newest, ciphertext, None) for key, ciphertext in sealed.items()},
        }
    return stored if _opens(newest, stored) else reencrypt(stored)


def _opens(key: Fernet, sealed: str) -> bool:
    try:
        key.decrypt(sealed.encode())
    except InvalidToken:
        return False
    return True
