"""Sealed links: encrypt a link that opens an account, so that only its e-mail shows it."""

from collections.abc import Mapping
from typing import Any

from storefront.lib.security.encryption import decrypt, encrypt

ENCRYPTED_LINK = "sealed_url"


def encrypt_link(url: str) -> dict[str, str]:
    """Return the link as an encrypted payload field, unreadable to staff and in backups."""
    return {ENCRYPTED_LINK: encrypt({"url": url})}


def decrypt_link(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return the payload with its link decrypted. Raises DecryptionError."""
    others = {name: value for name, value in payload.items() if name != ENCRYPTED_LINK}
    return {**others, **decrypt(payload.get(ENCRYPTED_LINK, ""))}
