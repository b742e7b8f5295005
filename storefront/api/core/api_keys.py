"""API keys: create and revoke keys, issue access tokens, find the key of a request."""

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core import signing
from django.db import transaction
from django.db.models import Q
from rest_framework.request import Request

from storefront.api.core import problem_types
from storefront.api.core.exception_handler import ProblemError
from storefront.api.models import ApiKey
from storefront.events import subscriptions

PREFIX = "fara_key_"
RANDOM_BYTES = 32
PREFIX_CHARACTERS = len(PREFIX) + 10
SCHEME = "bearer"
MAX_KEY = 1000
# ``last_used_at`` is written at most this often.
RECORD_INTERVAL = timedelta(minutes=1)
TOKEN_PREFIX = "fara_token_"  # noqa: S105 - not a secret
TOKEN_SALT = "storefront.api.access_token"  # noqa: S105 - not a secret
TOKEN_TTL = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """The program that sent a request: its key, and the scopes of the key or of its token."""

    key: ApiKey
    scopes: frozenset[str]

    @property
    def actor(self) -> str:
        return self.key.actor


def create(
    *,
    name: str,
    scopes: Collection[str],
    actor: str,
    now: datetime,
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """Create a key; return its plaintext too. Raises IntegrityError: the name is taken."""
    # A key this random needs no slow hash.
    plaintext = f"{PREFIX}{secrets.token_urlsafe(RANDOM_BYTES)}"
    key = ApiKey.objects.create(
        name=name,
        prefix=plaintext[:PREFIX_CHARACTERS],
        digest=digest_of(plaintext),
        scopes=list(scopes),
        expires_at=expires_at,
        created_by=actor[:100],
        created_at=now,
    )
    return key, plaintext


@transaction.atomic(durable=True)
def revoke(*, key: ApiKey, actor: str, now: datetime) -> None:
    """Revoke a key permanently, with its access tokens and webhook subscriptions."""
    valid = ApiKey.objects.filter(pk=key.pk, revoked_at=None)
    if valid.update(revoked_at=now, revoked_by=actor[:100]):
        subscriptions.end_key(api_key=key.prefix, now=now)


def issue_token(*, key: ApiKey, scopes: Collection[str], now: datetime) -> str:
    """Return an access token that is valid for ``TOKEN_TTL``, and never longer than its key.

    The token is signed and not stored. Each use reads the key, so that a revoked key ends its tokens.
    """
    until = int((now + TOKEN_TTL).timestamp())
    return TOKEN_PREFIX + signing.dumps([key.pk, sorted(scopes), until], salt=TOKEN_SALT)


def find_client(request: Request, *, now: datetime) -> Client | None:
    """Return the client of a request by its API key or access token; None without a valid one."""
    bearer = bearer_token(request)
    if not bearer:
        return None
    if bearer.startswith(TOKEN_PREFIX):
        return _client_of_token(bearer.removeprefix(TOKEN_PREFIX), now)
    key = find_key(bearer, now=now)
    return Client(key=key, scopes=frozenset(key.scopes)) if key else None


def find_key(plaintext: str, *, now: datetime) -> ApiKey | None:
    """Return the valid key of a plaintext."""
    key = ApiKey.objects.filter(digest=digest_of(plaintext)).first()
    return key if key and key.is_valid(now) else None


def _client_of_token(signed: str, now: datetime) -> Client | None:
    try:
        pk, scopes, until = signing.loads(signed, salt=TOKEN_SALT)
    except signing.BadSignature:
        return None
    key = ApiKey.objects.filter(pk=pk).first()
    if key is None or not key.is_valid(now) or until <= now.timestamp():
        return None
    return Client(key=key, scopes=frozenset(scopes))


def record_use(key: ApiKey, *, now: datetime) -> None:
    """Store the last use of a key, at most once a minute."""
    if key.last_used_at is None or key.last_used_at < now - RECORD_INTERVAL:
        is_due = Q(last_used_at=None) | Q(last_used_at__lt=now - RECORD_INTERVAL)
        ApiKey.objects.filter(is_due, pk=key.pk).update(last_used_at=now)


def require_scope(client: Client | None, scope: str) -> Client:
    """Return the client if it has the scope. Raises ProblemError."""
    if client is None:
        raise ProblemError(problem_types.INVALID_API_KEY)
    if scope not in client.scopes:
        raise ProblemError(problem_types.MISSING_SCOPE, scope=scope)
    return client


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
