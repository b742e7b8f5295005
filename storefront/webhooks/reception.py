"""Webhook reception: verify, limit and store one call, answer its sender, queue its processing.

step       refused with  what happens
verify     400, 401      the signature on the raw bytes; one answer for forged, altered and stale calls
limit      429           calls per minute of one supplier's system
parse      422           the payload of a supplier's system; stored as failed, for staff
store                    one row for each id
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from storefront.lib.failpoints import failpoint
from storefront.lib.security.rate_limit import is_over_limit
from storefront.lib.security.webhook_signing import (
    ExpiredTimestampError,
    InvalidHeadersError,
    InvalidSignatureError,
)
from storefront.lib.tasks import enqueue
from storefront.webhooks import storage
from storefront.webhooks.sources import Source
from storefront.webhooks.supplier_system import payloads
from storefront.webhooks.tasks import process

log = logging.getLogger(__name__)

MAX_BYTES = 64 * 1024
MAX_SYSTEM_BYTES = 256 * 1024  # a supplier's system sends batches
MAX_STORE_BYTES = 1024 * 1024  # a store sends whole orders, of which only ids are kept
MAX_CALLS_PER_MINUTE = 600  # of one supplier's system
MINUTE = timedelta(minutes=1)
REFUSED = "Refused: the signature does not match, or the timestamp is more than 5 minutes off."


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int
    content: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)


def max_bytes(source: Source) -> int:
    if source.store:
        return MAX_STORE_BYTES
    return MAX_SYSTEM_BYTES if source.is_supplier_system else MAX_BYTES


def refuse_size(source: Source) -> Answer:
    return _problem(413, "too_large", f"Too large: {max_bytes(source) // 1024} KB at most.")


def receive_call(
    *, source: Source, headers: Mapping[str, str], body: bytes, now: datetime
) -> Answer:
    """Verify and store a call; a worker processes it later. ``now`` is the database time."""
    try:
        external_id = source.verify(headers=headers, body=body, now=now)
    except InvalidHeadersError as error:
        log.warning("a call from %s was refused: %s", source.name, error)
        return _problem(400, "invalid_headers", f"Refused: {error}.")
    except (InvalidSignatureError, ExpiredTimestampError) as error:
        log.warning("a call from %s was refused: %s", source.name, error)
        return _problem(401, "unauthorized", REFUSED)
    if not external_id:  # a ping
        return Answer(status=200, content={"status": "received"})
    if source.is_supplier_system and (
        refusal := _check_system_call(source, external_id, body, now)
    ):
        return refusal
    call, is_new = storage.store(source=source, external_id=external_id, body=body, now=now)
    if not is_new and source.is_supplier_system:
        is_new = storage.replace_failed(
            call,
            body=body,
            priority=storage.priority_of(source, body, now),
            now=now,
        )
    failpoint("hook.after_commit")
    if is_new:
        enqueue(process, call_id=call.pk)
    status = "received" if is_new else "duplicate"
    return Answer(status=200, content={"id": external_id, "status": status})


def _check_system_call(
    source: Source, external_id: str, body: bytes, now: datetime
) -> Answer | None:
    """Return the refusal of a signed call that is too frequent or breaks its schema."""
    if is_over_limit(what="webhook", who=source.name, limit=MAX_CALLS_PER_MINUTE, window=MINUTE):
        message = f"At most {MAX_CALLS_PER_MINUTE} calls a minute. Send rows in batches."
        return _problem(429, "rate_limited", message, headers={"Retry-After": "60"})
    currency = source.supplier.currency if source.supplier else ""
    try:
        payloads.parse(body, received_at=now, currency=currency)
    except payloads.InvalidPayloadError as error:
        storage.store_refused(
            source=source, external_id=external_id, body=body, problem=str(error), now=now
        )
        return _problem(422, "invalid_payload", error.reason, field=error.field)
    return None


def _problem(
    status: int,
    code: str,
    message: str,
    *,
    headers: Mapping[str, str] | None = None,
    **more: str,
) -> Answer:
    error = {"code": code, "message": message, **more}
    return Answer(status=status, content={"error": error}, headers=headers or {})
