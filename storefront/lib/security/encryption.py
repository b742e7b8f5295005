"""Encryption at rest: encrypt secrets before they reach the database, decrypt them for use."""

from __future__ import annotations

import json
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models


class BrokenSealError(ValueError):
    """A sealed value cannot be opened with any of the present keys."""


class SealedField(models.TextField):  # type: ignore[type-arg]  # not subscriptable
    """A column of sealed secrets; who rotates the keys finds all of them by their kind."""


def _box() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.FIELD_KEYS])


def seal(secrets: dict[str, Any]) -> str:
    """Encrypt with the newest key; older keys still open what they sealed."""
    return _box().encrypt(json.dumps(secrets).encode()).decode()


def unseal(sealed: str) -> dict[str, Any]:
    """Open what was sealed; an empty text holds no secrets.

    Raises: BrokenSealError  no present key opens it: restore the old key to FIELD_KEYS
    """
    if not sealed:
        return {}
    try:
        opened: dict[str, Any] = json.loads(_box().decrypt(sealed.encode()))
    except InvalidToken as error:
        raise BrokenSealError("no key in FIELD_KEYS opens this value") from error
    return opened


def resealed(sealed: str) -> str:
    """Seal anew with the newest key, without looking at what is inside.

    Raises: BrokenSealError  no present key opens it
    """
    try:
        return _box().rotate(sealed.encode()).decode()
    except InvalidToken as error:
        raise BrokenSealError("no key in FIELD_KEYS opens this value") from error
