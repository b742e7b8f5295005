"""Security log: write sign-ins, refusals, and changes of credentials, rights and personal data.

Each event is one line of JSON from the logger ``security``: event, result, actor, network. It holds
no e-mail address, no password and no link.
"""

import json
import logging
from enum import StrEnum
from functools import partial
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import AnonymousUser
from django.db import models, transaction
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from storefront.accounts.models import User
from storefront.lib.security.client_ip import current_network

log = logging.getLogger("security")


class Event(StrEnum):
    SIGN_IN = "sign_in"  # password step only; the second factor is logged as SECOND_FACTOR
    SECOND_FACTOR = "second_factor"
    FACTORS_CHANGED = "mfa_changed"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - the name of an event
    EMAIL_CHANGED = "email_changed"
    RIGHTS_CHANGED = "rights_changed"  # a user, group or API key
    PERMISSION = "permission"
    SESSIONS_ENDED = "sessions_ended"  # staff sessions, ended by their owner or by a superuser
    DATA_EXPORTED = "data_exported"
    DATA_ERASED = "data_erased"
    CUSTOMER_VIEWED = "customer_viewed"  # staff began or ended a view as customer
    BACKGROUND_WORK = "background_work"  # workers send from a restored database
    SUPPLIER_LINK = "supplier_link"
    SUPPLIER_SECRET = "supplier_secret"  # noqa: S105 - the name of an event


class Result(StrEnum):
    OK = "ok"
    FAILED = "failed"
    BLOCKED = "blocked"  # rejected without a check, after too many failed attempts


def record(
    event: Event,
    *,
    actor: User | AnonymousUser | str | None,
    result: Result = Result.OK,
    **detail: str | int,
) -> None:
    """Log an event, a success only on commit. ``actor`` is None in a management command."""
    line = {
        "event": event,
        "result": result,
        "actor": _name(actor),
        "network": current_network(),
        **detail,
    }
    level = logging.INFO if result is Result.OK else logging.WARNING
    write = partial(log.log, level, "%s", json.dumps(line, ensure_ascii=False))
    if result is Result.OK:
        transaction.on_commit(write, robust=True)
    else:
        write()


def record_sign_in(*, email: str, user: User | None, is_blocked: bool = False) -> None:
    """Log whether a password was correct; an unknown address is logged as a digest."""
    account = user or User.objects.filter(email=email.strip().lower()).first()
    digest = salted_hmac("security-log", email, algorithm="sha256").hexdigest()[:12]
    refused = Result.BLOCKED if is_blocked else Result.FAILED
    result = refused if user is None else Result.OK
    record(Event.SIGN_IN, actor=account or f"unknown:{digest}", result=result)


def record_refusal(request: HttpRequest) -> None:
    """Log that a staff member was denied access to a page. Other users are not logged."""
    user = request.user
    if isinstance(user, User) and user.is_staff:
        path = f"{request.method} {request.path}"
        record(Event.PERMISSION, actor=user, result=Result.FAILED, path=path)


class RecordedChanges:
    """Admin mixin for users or rights: logs each admin history entry to the security log too."""

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> LogEntry:
        _record_change(request, obj, message)
        return super().log_addition(request, obj, message)  # type: ignore[misc,no-any-return]

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> LogEntry:
        _record_change(request, obj, message)
        return super().log_change(request, obj, message)  # type: ignore[misc,no-any-return]

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        for obj in queryset:
            _record_change(request, obj, "deleted")
        return super().log_deletions(request, queryset)  # type: ignore[misc]


def _record_change(request: HttpRequest, obj: models.Model, change: Any) -> None:
    """Log the message of the admin history: names of fields and permissions, no values."""
    row = f"{type(obj).__name__.lower()}:{obj.pk}"
    text = change if isinstance(change, str) else json.dumps(change)
    record(Event.RIGHTS_CHANGED, actor=request.user, what=row, change=text)


def _name(actor: User | AnonymousUser | str | None) -> str:
    if isinstance(actor, str):
        return actor
    if actor is None:
        return "command"
    return f"user:{actor.pk}" if actor.pk else "anonymous"
