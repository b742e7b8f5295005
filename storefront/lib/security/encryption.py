"""Encryption at rest: encrypt secrets before they reach the database, decrypt them for use."""

import json
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models


class DecryptionError(ValueError):
    """No key in FIELD_KEYS decrypts the value."""


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]  # not subscriptable
    """A column of encrypted secrets; key rotation finds these columns by this class."""


def _cipher() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.FIELD_KEYS])


def encrypt(secrets: dict[str, Any]) -> str:
    """Encrypt with the newest key; older keys still decrypt what they encrypted."""
    return _cipher().encrypt(json.dumps(secrets).encode()).decode()


def decrypt(sealed: str) -> dict[str, Any]:
    """Decrypt; "" gives no secrets. Raises DecryptionError: restore the key to FIELD_KEYS."""
    if not sealed:
        return {}
    try:
        opened: dict[str, Any] = json.loads(_cipher().decrypt(sealed.encode()))
    except InvalidToken as error:
        raise DecryptionError("no key in FIELD_KEYS decrypts this value") from error
    return opened


def reencrypt(sealed: str) -> str:
    """Re-encrypt with the newest key. Raises DecryptionError: no key decrypts it."""
    try:
        return _cipher().rotate(sealed.encode()).decode()
    except InvalidToken as error:
        raise DecryptionError("no key in FIELD_KEYS decrypts this value") from error
