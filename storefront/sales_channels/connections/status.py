"""Connection status: pause, resume and disconnect a store, pause it after lost access."""

from datetime import datetime

from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext

from storefront.lib.http.errors import ExternalServiceError, PermanentError
from storefront.sales_channels import pending_changes
from storefront.sales_channels.models import Connection

UNAUTHORIZED = frozenset({"401", "403"})  # codes of errors; see ``platforms.base.Platform``


@transaction.atomic(durable=True)
def pause(connection: Connection, *, now: datetime, actor: str = "", reason: str = "") -> None:
    """Stop all calls to the store.

    Raises: InvalidTransitionError, ConcurrentUpdateError
    """
    connection.move("paused", at=now, actor=actor, reason=reason, status_reason=reason[:300])


@transaction.atomic(durable=True)
def resume(connection: Connection, *, now: datetime, actor: str = "") -> None:
    """Allow calls; the store is compared whole. Orders of before, or of a disconnection, stay its own.

    Raises: PermanentError  the last check found a problem, or there was none
        InvalidTransitionError, ConcurrentUpdateError
    """
    if connection.checked_at is None or connection.check_problem:
        raise PermanentError(gettext("Check the store first: its last check must have passed."))
    is_new = connection.orders_since is None or connection.status == "disconnected"
    connection.move(
        "active",
        at=now,
        actor=actor,
        status_reason="",
        is_unauthorized=False,
        orders_since=now if is_new else connection.orders_since,
    )
    pending_changes.queue_all(connection, now=now)


@transaction.atomic(durable=True)
def disconnect(connection: Connection, *, now: datetime, actor: str = "", reason: str = "") -> None:
    """End the connection; its rows stay. Raises InvalidTransitionError, ConcurrentUpdateError."""
    connection.move("disconnected", at=now, actor=actor, reason=reason, status_reason=reason[:300])


def pause_if_unauthorized(connection: Connection, error: Exception, *, now: datetime) -> bool:
    """Pause an active connection after the store refused our key; return whether it did."""
    if not (isinstance(error, PermanentError) and error.code in UNAUTHORIZED):
        return False
    lose_access(connection, reason=str(error), now=now)
    return True


def lose_access(connection: Connection, *, reason: str, now: datetime) -> None:
    """Pause a connection that is active, until staff resume it."""
    reason = reason[:300]
    with transaction.atomic(durable=True):
        current = Connection.objects.filter(pk=connection.pk, status="active").first()
        if current is not None:
            current.move(
                "paused", at=now, reason=reason, status_reason=reason, is_unauthorized=True
            )
    connection.refresh_from_db()


def record_failure(connection: Connection, error: ExternalServiceError, *, now: datetime) -> None:
    """Store why work for a store failed; pause the connection if access was refused."""
    row = Connection.objects.filter(pk=connection.pk)
    row.update(problem=str(error)[:500], problem_at=Coalesce("problem_at", Value(now)))
    pause_if_unauthorized(connection, error, now=now)


def record_success(connection: Connection) -> None:
    failed = Connection.objects.filter(pk=connection.pk).exclude(problem="")
    failed.update(problem="", problem_at=None)
