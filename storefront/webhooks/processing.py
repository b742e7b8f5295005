"""Webhook processing: process each webhook once, retry early ones, give up after ten attempts."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db.models import F

from orders.payments.updates import TooEarlyError, UnknownPaymentError
from shipping.shipments.shipments import WrongOrderError
from storefront.lib.failpoints import failpoint
from storefront.lib.http.errors import PermanentError, TemporaryError
from storefront.webhooks import sources
from storefront.webhooks.handlers import EarlyRefusalError, UnknownOrderError, understand
from storefront.webhooks.models import InboundCall

log = logging.getLogger(__name__)

Status = InboundCall.Status
# Longer than any processing: after this, the worker that claimed the webhook is dead.
HANDLING_TAKES = timedelta(minutes=2)
FIRST_RETRY_AFTER = timedelta(seconds=5)
LONGEST_RETRY_AFTER = timedelta(minutes=10)
MAX_ATTEMPTS = 10
# A webhook may arrive before the shop has stored its order or payment. After all attempts it is
# taken to concern another shop.
NOT_OURS = (UnknownOrderError, UnknownPaymentError)
NOT_YET = (TooEarlyError, EarlyRefusalError, WrongOrderError, TemporaryError)


def handle(*, call: InboundCall, now: datetime) -> bool:
    """Process one webhook, if it is due and not claimed; return whether something changed.

    One that may succeed later is retried with increasing delays. One that is malformed, or has used
    all attempts, becomes ``failed`` and goes to the inbox.
    """
    mine = InboundCall.objects.filter(pk=call.pk, status=Status.RECEIVED, due_at__lte=now)
    if not mine.update(due_at=now + HANDLING_TAKES, attempts=F("attempts") + 1):
        return False
    call.refresh_from_db()
    try:
        understood = understand(
            source=_source(call), body=bytes(call.body), received_at=call.received_at, now=now
        )
    except NOT_OURS as error:
        _wait(call, str(error), end=Status.IGNORED, now=now)
    except NOT_YET as error:
        _wait(call, str(error), end=Status.FAILED, now=now)
    except PermanentError as error:
        _end(call, Status.FAILED, str(error), now)
    except Exception as error:
        log.exception("%s cannot be handled", call)
        _wait(call, f"{type(error).__name__}: {error}", end=Status.FAILED, now=now)
    else:
        failpoint("hook.after_applying")
        end = Status.APPLIED if understood.is_applied else Status.IGNORED
        _end(call, end, understood.reason, now)
        return understood.is_applied
    return False


def handle_again(*, call: InboundCall, actor: str, now: datetime) -> None:
    """Reset a failed webhook to received, with no attempts used.

    Raises: IllegalMoveError: it has not failed.
    """
    call.move(Status.RECEIVED, at=now, actor=actor, reason="handle again", attempts=0, due_at=now)


def _source(call: InboundCall) -> sources.Source:
    if source := sources.find(call.source):
        return source
    raise PermanentError("this source is no longer connected")


def _wait(call: InboundCall, problem: str, *, end: Status, now: datetime) -> None:
    if call.attempts >= MAX_ATTEMPTS:
        _end(call, end, problem, now)
        return
    wait = min(FIRST_RETRY_AFTER * 2 ** (call.attempts - 1), LONGEST_RETRY_AFTER)
    InboundCall.objects.filter(pk=call.pk, status=Status.RECEIVED).update(
        due_at=now + wait, problem=_printable(problem)
    )


def _end(call: InboundCall, status: Status, problem: str, now: datetime) -> None:
    words = _printable(problem)
    call.move(status, at=now, reason=words, problem=words)


def _printable(problem: str) -> str:
    """Return untrusted text without control characters, cut to the column's length."""
    return "".join(letter if letter.isprintable() else "?" for letter in problem)[:500]
