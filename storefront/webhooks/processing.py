"""Webhook processing: process each webhook once, retry early ones, replay by staff."""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F
from django.utils.translation import gettext

from orders.payments.updates import TooEarlyError, UnknownPaymentError
from shipping.shipments.shipments import NotShippableError
from storefront.lib.failpoints import failpoint
from storefront.lib.http.backoff import backoff
from storefront.lib.http.errors import PermanentError, TemporaryError
from storefront.webhooks import sources
from storefront.webhooks.handlers import EarlyRejectionError, UnknownOrderError, apply_webhook
from storefront.webhooks.models import InboundWebhook

log = logging.getLogger(__name__)

Status = InboundWebhook.Status
# Longer than processing takes: a worker that claimed the webhook and has not finished is dead.
LEASE = timedelta(minutes=2)
FIRST_RETRY_AFTER = timedelta(seconds=5)
MAX_RETRY_AFTER = timedelta(minutes=10)
MAX_ATTEMPTS = 10
# A webhook may arrive before the shop has stored its order or payment. After all attempts it is
# assumed to concern another shop.
UNKNOWN_SUBJECT_ERRORS = (UnknownOrderError, UnknownPaymentError)
RETRYABLE_ERRORS = (TooEarlyError, EarlyRejectionError, NotShippableError, TemporaryError)


def process(*, call: InboundWebhook, now: datetime) -> bool:
    """Process one webhook, if it is due and not claimed; return whether something changed.

    A webhook that may succeed later is retried with increasing delays. A malformed one becomes
    ``failed`` and goes to the inbox. After the last attempt, a webhook of an unknown order or
    payment becomes ``ignored``, any other ``failed``.
    """
    due = InboundWebhook.objects.filter(pk=call.pk, status=Status.RECEIVED, due_at__lte=now)
    if not due.update(due_at=now + LEASE, attempts=F("attempts") + 1):
        return False
    call.refresh_from_db()
    try:
        result = apply_webhook(
            source=_source(call),
            external_id=call.external_id,
            body=bytes(call.body),
            received_at=call.received_at,
            now=now,
        )
    except UNKNOWN_SUBJECT_ERRORS as error:
        _retry_later(call, str(error), end=Status.IGNORED, now=now)
    except RETRYABLE_ERRORS as error:
        _retry_later(call, str(error), end=Status.FAILED, now=now)
    except PermanentError as error:
        _finish(call, Status.FAILED, str(error), now)
    except Exception as error:
        log.exception("%s cannot be handled", call)
        _retry_later(call, f"{type(error).__name__}: {error}", end=Status.FAILED, now=now)
    else:
        failpoint("hook.after_applying")
        end = Status.APPLIED if result.is_applied else Status.IGNORED
        rows = [row._asdict() for row in result.refused_rows]
        _finish(call, end, result.reason, now, refused_rows=rows)
        return result.is_applied
    return False


def replay(*, call: InboundWebhook, actor: str, now: datetime) -> None:
    """Reset a processed webhook to received, with no attempts used.

    Raises: InvalidTransitionError  it is not processed yet
            PermanentError  its body was deleted
    """
    if not call.body:  # its retention has ended
        raise PermanentError(
            gettext("The payload of this call was deleted. Ask the sender to send it again.")
        )
    call.move(Status.RECEIVED, at=now, actor=actor, reason="replay", attempts=0, due_at=now)


def _source(call: InboundWebhook) -> sources.Source:
    if source := sources.find(call.source):
        return source
    raise PermanentError("this source is no longer connected")


def _retry_later(call: InboundWebhook, problem: str, *, end: Status, now: datetime) -> None:
    if call.attempts >= MAX_ATTEMPTS:
        _finish(call, end, problem, now)
        return
    wait = backoff(FIRST_RETRY_AFTER, failures=call.attempts - 1, longest=MAX_RETRY_AFTER)
    InboundWebhook.objects.filter(pk=call.pk, status=Status.RECEIVED).update(
        due_at=now + wait, problem=_printable(problem)
    )


def _finish(
    call: InboundWebhook, status: Status, problem: str, now: datetime, **fields: Any
) -> None:
    text = _printable(problem)
    call.move(status, at=now, reason=text, problem=text, **fields)


def _printable(problem: str) -> str:
    """Return untrusted text without control characters, cut to the column's length."""
    return "".join(character if character.isprintable() else "?" for character in problem)[:500]
