"""Sealed links: encrypt a link that opens an account, hide personal links from staff."""

from collections.abc import Mapping
from typing import Any

from storefront.lib.security.encryption import decrypt, encrypt

ENCRYPTED_LINK = "sealed_url"
HIDDEN_LINK = "https://hidden.invalid/"
# Payload fields whose links open nothing personal. All other links are hidden.
PUBLIC_LINKS = frozenset({"picture_url", "beam_url", "tracking_url", "staff_url", "review_url"})


def encrypt_link(url: str, *, name: str = "url") -> dict[str, str]:
    """Return the link as an encrypted payload field, unreadable to staff and in backups.

    ``decrypt_link`` gives it the ``name``. A payload has one encrypted link.
    """
    return {ENCRYPTED_LINK: encrypt({name: url})}


def decrypt_link(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return the payload with its link decrypted. Raises DecryptionError."""
    others = {name: value for name, value in payload.items() if name != ENCRYPTED_LINK}
    return {**others, **decrypt(payload.get(ENCRYPTED_LINK, ""))}


def hide_links(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return the payload without links that open an order or an account, at any depth."""
    hidden = {name: _hide(name, value) for name, value in payload.items()}
    if hidden.pop(ENCRYPTED_LINK, None):
        hidden.setdefault("url", HIDDEN_LINK)
    return hidden


def _hide(name: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return hide_links(value)
    if isinstance(value, list):
        return [_hide(name, part) for part in value]
    is_link = isinstance(value, str) and value.startswith(("http://", "https://"))
    return HIDDEN_LINK if is_link and name not in PUBLIC_LINKS else value
