"""Sealed links: encrypt a link that opens an account, so that only its e-mail shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from storefront.lib.security.encryption import seal, unseal

SEALED = "sealed_url"


def sealed_link(url: str) -> dict[str, str]:
    """Return the part of a payload that holds a link; staff and copies of the table read none."""
    return {SEALED: seal({"url": url})}


def with_link(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return a payload as its message needs it.

    Raises: BrokenSealError  no key in FIELD_KEYS opens the link
    """
    plain = {name: value for name, value in payload.items() if name != SEALED}
    return {**plain, **unseal(payload.get(SEALED, ""))}
