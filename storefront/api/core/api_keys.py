"""API keys: create, revoke, and find by digest the key of a request.

Staff see a key once, when it is created. The database holds only its digest.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db.models import Q
from rest_framework.request import Request

from storefront.api.core import problem_types
from storefront.api.core.exception_handler import ProblemError
from storefront.api.models import PriceKey

PREFIX = "fara_prices_"
RANDOM_BYTES = 32
SHOWN_CHARACTERS = len(PREFIX) + 6
SCHEME = "bearer"
LONGEST_KEY = 200
# Limits writes of ``last_used_at`` by a busy key.
NOTED_EVERY = timedelta(minutes=1)


def make(*, name: str, actor: str, now: datetime) -> tuple[PriceKey, str]:
    """Create a key; return it with its plaintext, which cannot be read again.

    Raises: IntegrityError: a valid key has this name.
    """
    # So random a key needs no slow hash.
    told = f"{PREFIX}{secrets.token_urlsafe(RANDOM_BYTES)}"
    key = PriceKey.objects.create(
        name=name,
        start=told[:SHOWN_CHARACTERS],
        digest=digest_of(told),
        made_by=actor[:100],
        made_at=now,
    )
    return key, told


def revoke(*, key: PriceKey, actor: str, now: datetime) -> None:
    """Revoke a key permanently."""
    valid = PriceKey.objects.filter(pk=key.pk, revoked_at=None)
    valid.update(revoked_at=now, revoked_by=actor[:100])


def holder(request: Request, *, now: datetime) -> PriceKey:
    """Return the API key of a request, and record its use.

    Raises: ProblemError: there is none, or it is not valid.
    """
    key = PriceKey.objects.filter(digest=digest_of(told_by(request)), revoked_at=None).first()
    if key is None:
        raise ProblemError(problem_types.NO_ACCESS)
    noted = Q(last_used_at=None) | Q(last_used_at__lt=now - NOTED_EVERY)
    PriceKey.objects.filter(noted, pk=key.pk).update(last_used_at=now)
    return key


def digest_of(told: str) -> str:
    return hashlib.sha256(told.encode()).hexdigest()


def told_by(request: Request) -> str:
    """Return the bearer key of a request; "" if missing or not printable ASCII."""
    scheme, _, told = request.headers.get("Authorization", "").partition(" ")
    told = told.strip()[:LONGEST_KEY]
    return told if scheme.lower() == SCHEME and told.isascii() and told.isprintable() else ""
