"""Key rotation: find all encrypted columns, re-encrypt their values with the newest key."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from django.apps import apps
from django.conf import settings
from django.db import models

from storefront.lib.security.encryption import DecryptionError, EncryptedTextField, reencrypt


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
    plain = [_rotate(model, name, None) for model, name in encrypted_columns()]
    inside = [
        _rotate(apps.get_model(label), column, keys)
        for label, (column, keys) in _json_columns.items()
    ]
    return plain + inside


def _rotate(model: type[models.Model], name: str, keys: Collection[str] | None) -> RotationCount:
    count = RotationCount(column=f"{model._meta.label}.{name}")  # noqa: SLF001
    newest = Fernet(settings.FIELD_KEYS[0])
    rows = model._base_manager.exclude(**{name: ""})  # noqa: SLF001 - includes hidden rows
    for pk, stored in rows.order_by("pk").values_list("pk", name).iterator():
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
