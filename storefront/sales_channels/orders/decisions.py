"""Decisions: retry what waits for a store, refuse or ignore an order, resolve a problem."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext

from orders.checkout import external_orders
from storefront.sales_channels.models import RemoteFulfillment, RemoteOrderRecord
from storefront.sales_channels.orders import refusals
from storefront.sales_channels.orders.locks import record_lock
from suppliers.resilience.bulkheads import LockedElsewhereError

Status = RemoteOrderRecord.Status


class CannotDecideError(Exception):
    """The decision is not possible now; the message gives the reason. Nothing is written."""


def retry(*, record: RemoteOrderRecord, actor: str, now: datetime) -> None:
    """Let a worker continue now with all that waits; an ignored order is considered again.

    Raises: CannotDecideError
    """
    with _deciding(record):
        if not can_retry(record):
            message = gettext("Nothing of this order waits for its store.")
            raise CannotDecideError(message)
        if record.status == Status.IGNORED:
            record.move(Status.RECEIVED, at=now, actor=actor, detail="")
        record.due_at, record.attempts = now, 0
        record.save(update_fields=["due_at", "attempts"])
        _failed_parcels(record).update(due_at=now, attempts=0)


def can_retry(record: RemoteOrderRecord) -> bool:
    """Return whether the order, its cancellation or a parcel waits for the store, or is ignored."""
    if record.order is None:
        return record.status in record.UNDECIDED | {Status.IGNORED, Status.REFUSING}
    is_canceling = record.order.status == "canceled" and record.canceled_there_at is None
    return is_canceling or record.attempts > 0 or _failed_parcels(record).exists()


def _failed_parcels(record: RemoteOrderRecord) -> QuerySet[RemoteFulfillment]:
    return record.fulfillments.filter(attempts__gt=0)


def refuse(*, record: RemoteOrderRecord, actor: str, now: datetime) -> None:
    """Decide to cancel and refund the order in the store; a worker carries it out.

    Raises: CannotDecideError
    """
    with _deciding(record):
        _require_undecided(record)
        refusals.refuse_locked(record, actor=actor, now=now)


def ignore(*, record: RemoteOrderRecord, reason: str, actor: str, now: datetime) -> None:
    """Leave the order to the store: it is not imported, and not refunded.

    Raises: CannotDecideError
    """
    with _deciding(record):
        _require_undecided(record)
        record.move(
            Status.IGNORED,
            at=now,
            actor=actor,
            reason=reason,
            detail=reason,
            problem="",
            problem_since=None,
            due_at=None,
        )


def resolve(*, record: RemoteOrderRecord) -> None:
    """Close the problem of an imported order. The next change in the store may raise another.

    Raises: CannotDecideError
    """
    with _deciding(record):
        record.problem, record.detail, record.problem_since = "", "", None
        record.save(update_fields=["problem", "detail", "problem_since"])


@contextmanager
def _deciding(record: RemoteOrderRecord) -> Iterator[None]:
    """Hold the lock of a record, and read it again. Raises CannotDecideError."""
    try:
        with record_lock(record):
            record.refresh_from_db()
            yield
    except LockedElsewhereError as error:
        message = gettext("This order is being processed. Try again in a minute.")
        raise CannotDecideError(message) from error


def _require_undecided(record: RemoteOrderRecord) -> None:
    """Require that the order is not imported, not even by a worker that died after placing it."""
    channel = record.connection.channel
    is_placed = external_orders.find(channel=channel, reference=record.external_id) is not None
    if is_placed or record.status not in record.UNDECIDED:
        message = gettext("This order was imported or decided on. Cancel our order instead.")
        raise CannotDecideError(message)
