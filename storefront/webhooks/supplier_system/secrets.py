"""Supplier secrets: create, rotate and end the secret that a supplier's system signs with.

After a rotation the old secret stays valid for a while. At most two are valid: a rotation ends the
one before.
"""

import base64
import secrets
from datetime import datetime, timedelta
from functools import cache

from django.db import transaction
from django.db.models import Q

from storefront.lib.security.encryption import decrypt, encrypt
from storefront.lib.security.webhook_signing import SECRET_PREFIX
from storefront.webhooks.models import SupplierSecret
from suppliers.models import Supplier

SECRET_BYTES = 32
VALID_AT_ONCE = 2
MAX_OVERLAP = timedelta(days=14)


@transaction.atomic(durable=True)
def rotate_secret(*, supplier: Supplier, overlap: timedelta, actor: str, now: datetime) -> str:
    """Create a secret and return it; the former one stays valid for ``overlap``.

    Locks: the supplier
    """
    Supplier.objects.select_for_update(of=["self"], no_key=True).get(pk=supplier.pk)
    _end_old(supplier, now)
    SupplierSecret.objects.filter(supplier=supplier, expires_at=None).update(
        expires_at=now + min(overlap, MAX_OVERLAP)
    )
    secret = generate_secret()
    SupplierSecret.objects.create(
        supplier=supplier,
        secret_encrypted=encrypt({"secret": secret}),
        created_by=actor[:100],
        created_at=now,
    )
    return secret


@transaction.atomic(durable=True)
def end_old_secret(*, supplier: Supplier, now: datetime) -> bool:
    """End the overlap of a rotation; return whether an old secret was valid."""
    return bool(_end_old(supplier, now))


def _end_old(supplier: Supplier, now: datetime) -> int:
    return SupplierSecret.objects.filter(supplier=supplier, expires_at__gt=now).update(
        expires_at=now
    )


def valid_secrets(*, supplier_code: str, now: datetime) -> list[str]:
    """Return the valid secrets of a supplier, the newest first.

    Always ``VALID_AT_ONCE``, with secrets that no caller knows in place of missing ones: an
    unknown supplier takes the same time as a known one.
    """
    found = list(
        SupplierSecret.objects.filter(supplier__code=supplier_code)
        .filter(Q(expires_at=None) | Q(expires_at__gt=now))
        .order_by("-pk")
        .values_list("secret_encrypted", flat=True)[:VALID_AT_ONCE]
    )
    found += [_unknown_secret()] * (VALID_AT_ONCE - len(found))
    return [str(decrypt(sealed)["secret"]) for sealed in found]


def generate_secret() -> str:
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


@cache
def _unknown_secret() -> str:
    return encrypt({"secret": generate_secret()})
