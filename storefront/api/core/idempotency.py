"""Idempotency keys: run a request once per key, replay the stored response afterwards."""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError, OperationalError, connection
from django.utils import timezone
from psycopg.errors import LockNotAvailable
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder

from storefront.api.core import exception_handler, problem_types
from storefront.api.core.exception_handler import ProblemError
from storefront.api.models import IdempotencyRecord
from storefront.lib.security.client_ip import client_address

HEADER = "Idempotency-Key"
MAX_KEY = 255
# Every random UUID in hex is accepted: it has 32 characters, and at least 8 different ones.
MIN_SECRET_KEY, MIN_SECRET_DISTINCT_CHARS = 32, 8
WAIT_S = 5
SERVER_ERROR = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt; ``is_retry_after_crash``: an earlier one crashed, perhaps after a change."""

    is_retry_after_crash: bool


type Work = Callable[[Attempt], Response]


def form_key(request: Request, *, principal: str) -> str:
    """Return the key to store with a new object, so that a repeated request finds it after a crash."""
    return hashlib.sha256(f"{principal} {request.headers[HEADER]}".encode()).hexdigest()[:40]


def run_idempotent(
    request: Request,
    *,
    principal: str,
    work: Work,
    is_required: bool = False,
    is_secret: bool = False,
) -> Response:
    """Run ``work`` once per key; afterwards return the stored response.

    ``is_secret``: the response holds a secret and callers may share the principal, so the key must be
    hard to guess. Responses below 500 are stored; after a failure of the shop (5xx) the same key runs
    again. The record is written before the work begins, so that a crash leaves a trace.

    Raises: ProblemError: the key is missing, malformed, used for another request, or in use.
    """
    key = _key_of(request, is_required=is_required)
    if is_secret and key and not _is_hard_to_guess(key):
        raise ProblemError(problem_types.KEY_GUESSABLE)
    if not key:
        return work(Attempt(is_retry_after_crash=False))
    route = f"{request.method} {request.path}"
    digest = _digest(route, json.dumps(request.data, sort_keys=True))
    with locked(f"{principal} {key}"):
        record = IdempotencyRecord.objects.filter(principal=principal, key=key).first()
        if record is not None and record.request_digest != digest:
            raise ProblemError(problem_types.KEY_REUSED)
        if record is not None and record.done_at is not None:
            return _replay(record)
        # The lock is held, so the process that wrote this record without a response has died.
        attempt = Attempt(is_retry_after_crash=record is not None)
        if record is None:
            record = IdempotencyRecord.objects.create(
                principal=principal,
                key=key,
                route=route[:100],
                request_digest=digest,
                started_at=timezone.now(),
            )
        response = _run(request, lambda: work(attempt))
        _store(record, response)
    return response


def principal_of_secret(secret: str) -> str:
    """Return a principal for the holder of a token, without storing the token."""
    return _digest("secret", secret)


def principal_of_address(request: Request) -> str:
    return _digest("address", client_address(request._request))  # noqa: SLF001 - DRF wraps it


def _key_of(request: Request, *, is_required: bool) -> str:
    key = request.headers.get(HEADER)
    if key is None:
        if is_required:
            raise ProblemError(problem_types.KEY_REQUIRED)
        return ""
    if not (0 < len(key) <= MAX_KEY and key.isascii() and key.isprintable() and key.strip()):
        raise ProblemError(problem_types.KEY_INVALID)
    return key


def _is_hard_to_guess(key: str) -> bool:
    return len(key) >= MIN_SECRET_KEY and len(set(key)) >= MIN_SECRET_DISTINCT_CHARS


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Hold an advisory lock. Raises ProblemError: another request held it for ``WAIT_S``."""
    lock_id = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [f"{WAIT_S}s"])
        try:
            cursor.execute("SELECT pg_advisory_lock(%s)", [lock_id])
        except OperationalError as error:
            if isinstance(error.__cause__, LockNotAvailable):
                raise ProblemError(problem_types.KEY_IN_USE) from error
            raise
        finally:
            with suppress(DatabaseError):
                cursor.execute("RESET lock_timeout")
    try:
        yield
    finally:
        # A closed connection has released the lock.
        with suppress(DatabaseError), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [lock_id])


def _run(request: Request, work: Callable[[], Response]) -> Response:
    try:
        return work()
    except Exception as error:  # noqa: BLE001 - each error becomes an answer, even a bug
        return exception_handler.handle_exception(error, {"request": request})


def _store(record: IdempotencyRecord, response: Response) -> None:
    if response.status_code >= SERVER_ERROR:
        return
    IdempotencyRecord.objects.filter(pk=record.pk).update(
        done_at=timezone.now(),
        status_code=response.status_code,
        response="" if response.data is None else _as_text(response.data),
    )


def _as_text(shown: Any) -> str:
    """Return JSON that can always be stored: NUL is escaped, a lone surrogate becomes ``?``."""
    text = json.dumps(shown, cls=JSONEncoder, ensure_ascii=False)
    return text.encode(errors="replace").decode()


def _replay(record: IdempotencyRecord) -> Response:
    status = record.status_code or 0
    return Response(
        json.loads(record.response) if record.response else None,
        status=status,
        content_type=exception_handler.CONTENT_TYPE
        if status >= problem_types.MALFORMED_BODY.status
        else None,
        headers={"Idempotent-Replayed": "true"},
    )
