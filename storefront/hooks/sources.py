"""Who may call, how we know them, and whose business it is."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec
from django.conf import settings

from notifications import signing
from storefront.lib.sealing import unseal
from suppliers.adapters.cj import is_signed
from suppliers.models import Supplier

MAX_ID = 100


class Kind(StrEnum):
    """In which language a source speaks."""

    CJ = "cj"
    TRACKING = "tracking"
    TEST_GATEWAY = "test-gateway"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Somebody who may call. ``supplier`` is whose orders he may speak of."""

    name: str
    kind: Kind
    supplier: Supplier | None = None

    def identify(self, *, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
        """Return the name of a genuine call: the same call told twice has the same name.

        The signature is checked on the bytes as they came, before anything reads them.

        Raises: signing.BadHeadersError, signing.ForgedError, signing.StaleError
        """
        if self.kind is Kind.CJ:
            return _signed_by_cj(self.supplier, headers=headers, body=body)
        # Several, while they are exchanged: the new one first, the old one until all know it.
        secrets = (
            tracking_secrets(self.supplier)
            if self.supplier
            else settings.TEST_GATEWAY_SECRET.split()
        )
        return signing.check(headers=headers, body=body, secrets=secrets, now=now)


def tracking_secrets(supplier: Supplier) -> list[str]:
    """Return what one supplier signs with: his own secrets, or one derived for him alone.

    No two suppliers share one, so that none can speak for another.
    """
    connection = getattr(supplier, "connection", None)
    own = unseal(connection.secrets_sealed).get("hook_secret", "") if connection else ""
    return own.split() or [
        signing.derived(master, of=supplier.code)
        for master in settings.TRACKING_HOOK_SECRET.split()
    ]


def find(name: str) -> Source | None:
    """Find who calls himself so; the names are ``<kind>-<supplier code>``, and the gateway's."""
    if name == Kind.TEST_GATEWAY:
        is_used = settings.PAYMENT_GATEWAY == "test"
        return Source(name=name, kind=Kind.TEST_GATEWAY) if is_used else None
    kind, _, code = name.partition("-")
    if kind not in {Kind.CJ, Kind.TRACKING}:
        return None
    supplier = Supplier.objects.filter(code=code).select_related("connection").first()
    if supplier is None or (kind == Kind.CJ and supplier.adapter != "cj"):
        return None
    return Source(name=name, kind=Kind(kind), supplier=supplier)


def _signed_by_cj(supplier: Supplier | None, *, headers: Mapping[str, str], body: bytes) -> str:
    """Check CJ's own signature; it has no time, so that only the message's id tells a replay."""
    connection = getattr(supplier, "connection", None)
    open_id = connection.account_id if connection else ""
    if not headers.get("sign"):
        raise signing.BadHeadersError("the sign header is needed")
    if not is_signed(body, headers["sign"], open_id):
        raise signing.ForgedError("the sign header does not fit")
    return _message_id(body)


class _Envelope(msgspec.Struct, rename="camel"):
    message_id: Any = None


def _message_id(body: bytes) -> str:
    """Read the id of a genuine message; one that cannot be read is named by its bytes."""
    try:
        found = msgspec.json.decode(body, type=_Envelope).message_id
    except (msgspec.DecodeError, RecursionError):
        found = None
    if isinstance(found, str | int) and not isinstance(found, bool):
        text = str(found)
        if 0 < len(text) <= MAX_ID and text.isprintable():
            return text
    return f"sha256:{hashlib.sha256(body).hexdigest()}"
