"""Webhook processing: handle each webhook once, retry early ones, give up in the end."""

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
# Longer than any handling takes: after this, whoever took the call is dead.
HANDLING_TAKES = timedelta(minutes=2)
FIRST_RETRY_AFTER = timedelta(seconds=5)
LONGEST_RETRY_AFTER = timedelta(minutes=10)
MAX_ATTEMPTS = 10
# News of what we do not have may overtake our own work. In the end it is none of ours.
NOT_OURS = (UnknownOrderError, UnknownPaymentError)
NOT_YET = (TooEarlyError, EarlyRefusalError, WrongOrderError, TemporaryError)


def handle(*, call: InboundCall, now: datetime) -> bool:
    """Understand and apply one call, if it is due and nobody else is at it.

    Returns whether something changed. What may be understood later waits, longer each time;
    what nobody can understand, and what fails too often, is ``failed`` and staff look.
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
    """Let staff have a failed call tried again, as if it had just come.

    Raises: IllegalMoveError  it has not failed
    """
    call.move(Status.RECEIVED, at=now, actor=actor, reason="handle again", attempts=0, due_at=now)


def _source(call: InboundCall) -> sources.Source:
    if source := sources.find(call.source):
        return source
    raise PermanentError("this source is not connected any more")


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
    """Keep what a stranger wrote from breaking the line, or the database."""
    return "".join(letter if letter.isprintable() else "?" for letter in problem)[:500]
