"""API keys: create and revoke keys, find the key of a request by its digest."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db.models import Q
from rest_framework.request import Request

from storefront.api.core import problem_types
from storefront.api.core.exception_handler import ProblemError
from storefront.api.models import ApiKey

PREFIX = "fara_prices_"
RANDOM_BYTES = 32
PREFIX_CHARACTERS = len(PREFIX) + 6
SCHEME = "bearer"
MAX_KEY = 200
# ``last_used_at`` is written at most this often.
RECORD_INTERVAL = timedelta(minutes=1)


def create(*, name: str, actor: str, now: datetime) -> tuple[ApiKey, str]:
    """Create a key; return its plaintext too. Raises IntegrityError: the name is taken."""
    # A key this random needs no slow hash.
    plaintext = f"{PREFIX}{secrets.token_urlsafe(RANDOM_BYTES)}"
    key = ApiKey.objects.create(
        name=name,
        prefix=plaintext[:PREFIX_CHARACTERS],
        digest=digest_of(plaintext),
        created_by=actor[:100],
        created_at=now,
    )
    return key, plaintext


def revoke(*, key: ApiKey, actor: str, now: datetime) -> None:
    """Revoke a key permanently."""
    valid = ApiKey.objects.filter(pk=key.pk, revoked_at=None)
    valid.update(revoked_at=now, revoked_by=actor[:100])


def authenticate(request: Request, *, now: datetime) -> ApiKey:
    """Return the API key of a request, and record its use. Raises ProblemError."""
    key = ApiKey.objects.filter(digest=digest_of(bearer_token(request)), revoked_at=None).first()
    if key is None:
        raise ProblemError(problem_types.INVALID_API_KEY)
    is_due = Q(last_used_at=None) | Q(last_used_at__lt=now - RECORD_INTERVAL)
    ApiKey.objects.filter(is_due, pk=key.pk).update(last_used_at=now)
    return key


def digest_of(plaintext: str) -> str:
    return hashlib.sha256(plaintext.encode()).hexdigest()


def bearer_token(request: Request) -> str:
    """Return the bearer key of a request; "" if missing or not printable ASCII."""
    scheme, _, plaintext = request.headers.get("Authorization", "").partition(" ")
    plaintext = plaintext.strip()[:MAX_KEY]
    return (
        plaintext
        if scheme.lower() == SCHEME and plaintext.isascii() and plaintext.isprintable()
        else ""
    )
