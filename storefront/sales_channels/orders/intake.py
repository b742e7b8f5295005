"""Intake: import the orders of a store, each once, from webhooks and polls in any order.

step     what happens                                   safe to repeat because
store    one record for each order of the store         ``remote_order_once``
lock     one worker at a time decides on a record       session lock; it is read again inside
decide   place it, or wait, or refuse it, or follow it  ``order_once_per_external_reference``
follow   what changed in the store since                ``changes.follow``
"""

from datetime import datetime, timedelta
from typing import Any

from orders.checkout import external_orders
from orders.checkout.checkout import AlreadyPlacedError, InvalidAddressError, UnavailableError
from orders.checkout.external_orders import ExternalPayment
from orders.models import Order
from storefront.lib.failpoints import failpoint
from storefront.sales_channels.models import Connection, OrderProblem, RemoteOrderRecord
from storefront.sales_channels.orders import changes, gateway, refusals, routing, translation
from storefront.sales_channels.orders.locks import record_lock
from storefront.sales_channels.orders.translation import NotImportedError
from storefront.sales_channels.platforms.base import PaymentState, Platform, RemoteOrder

Status = RemoteOrderRecord.Status
RETURNED = frozenset({PaymentState.VOIDED, PaymentState.REFUNDED})
# Until it is refused, an order that cannot be fulfilled is tried again.
RETRY_AFTER = timedelta(minutes=10)
PAYMENT_RETRY_AFTER = timedelta(minutes=30)
# Problems that new stock or a new shipping method may end; others need staff first.
UNFULFILLABLE = frozenset({OrderProblem.OUT_OF_STOCK, OrderProblem.UNDELIVERABLE})


class UnknownRemoteOrderError(Exception):
    """The store has no such order, or not yet."""


def ensure_record(*, connection: Connection, external_id: str, now: datetime) -> RemoteOrderRecord:
    """Return the record of a store order; a new one is due now."""
    record, _ = RemoteOrderRecord.objects.select_related(
        "connection__channel", "order"
    ).get_or_create(
        connection=connection,
        external_id=external_id,
        defaults={"status_since": now, "due_at": now},
    )
    return record


def process(
    *,
    record: RemoteOrderRecord,
    platform: Platform,
    now: datetime,
    remote: RemoteOrder | None = None,
) -> RemoteOrderRecord:
    """Decide on a store order, or follow its changes. Idempotent.

    Shape:  ``remote`` as read by the caller; None: it is read here
    Raises: LockedElsewhereError     another worker decides on it
            UnknownRemoteOrderError  the store does not have it
            TemporaryError, PermanentError, updates.TooEarlyError  retried when due
    """
    with record_lock(record):
        record.refresh_from_db()
        remote = remote or platform.order(record.external_id)
        if remote is None:
            raise UnknownRemoteOrderError(record.external_id)
        _store_facts(record, remote)
        if record.status == Status.IMPORTED:
            changes.follow(record=record, remote=remote, now=now)
        elif record.status == Status.REFUSING:
            refusals.execute(record=record, platform=platform, remote=remote, now=now)
        else:
            if _is_revived(record, remote):
                record.move(Status.RECEIVED, at=now, due_at=now)
            if record.status in record.UNDECIDED:
                _decide(record, remote, platform, now)
    return record


def _is_revived(record: RemoteOrderRecord, remote: RemoteOrder) -> bool:
    """Return whether a canceled order was restored, or paid after all, in a newer version."""
    is_newer = record.remote_updated_at is None or remote.updated_at > record.remote_updated_at
    is_open = not remote.is_canceled and remote.payment not in RETURNED
    return record.status == Status.CANCELED and is_newer and is_open


def _store_facts(record: RemoteOrderRecord, remote: RemoteOrder) -> None:
    record.name = remote.name[:60]
    record.placed_at = remote.placed_at
    record.currency = remote.currency[:3]
    record.total_amount = remote.total.rounded().amount
    record.save(update_fields=["name", "placed_at", "currency", "total_amount"])


def _decide(
    record: RemoteOrderRecord, remote: RemoteOrder, platform: Platform, now: datetime
) -> None:
    connection = record.connection
    if earlier := external_orders.find(channel=connection.channel, reference=remote.external_id):
        _mark_imported(record, remote, earlier, now)
    elif remote.is_test:
        _close(record, Status.IGNORED, "test order", now)
    elif remote.placed_at < connection.imports_orders_since:
        _close(record, Status.IGNORED, "placed before the store was connected", now)
    elif remote.is_canceled or remote.payment in RETURNED:
        _close(record, Status.CANCELED, "", now, remote_updated_at=remote.updated_at)
    elif remote.payment is PaymentState.PENDING:
        _wait(record, OrderProblem.PAYMENT_PENDING, "", now)
    else:
        try:
            order = _place(record, remote, now)
        except NotImportedError as error:
            _wait(record, error.problem, error.detail, now)
            if is_to_refuse(record, now=now):
                refusals.refuse_locked(record, actor="", now=now)
                refusals.execute(record=record, platform=platform, remote=remote, now=now)
            return
        _mark_imported(record, remote, order, now)


def _place(record: RemoteOrderRecord, remote: RemoteOrder, now: datetime) -> Order:
    """Place the order. Raises: NotImportedError."""
    sale = translation.to_sale(remote, record.connection)
    payment = ExternalPayment(
        gateway=gateway.CODE,
        reference=record.reference,
        updates=gateway.sale_updates(remote, reference=record.reference),
    )
    try:
        return external_orders.place(
            sale=sale, payment=payment, quote=routing.quote(sale, now=now), now=now
        )
    except AlreadyPlacedError as error:
        return error.order
    except UnavailableError as error:
        raise NotImportedError(OrderProblem.OUT_OF_STOCK, "sold in the meantime") from error
    except InvalidAddressError as error:
        raise NotImportedError(OrderProblem.INVALID_ADDRESS, ", ".join(error.fields)) from error


def _mark_imported(
    record: RemoteOrderRecord, remote: RemoteOrder, order: Order, now: datetime
) -> None:
    failpoint("remote_order.after_placing")
    record.move(
        Status.IMPORTED,
        at=now,
        order=order,
        problem="",
        detail="",
        problem_since=None,
        due_at=None,
        attempts=0,
        address_digest=changes.address_digest(remote),
    )
    changes.follow(record=record, remote=remote, now=now)


def _close(
    record: RemoteOrderRecord, status: Status, detail: str, now: datetime, **fields: Any
) -> None:
    record.move(
        status,
        at=now,
        problem="",
        detail=detail,
        problem_since=None,
        due_at=None,
        attempts=0,
        **fields,
    )


def _wait(record: RemoteOrderRecord, problem: OrderProblem, detail: str, now: datetime) -> None:
    """Store why the order waits. A change of the reason that staff see starts the time again."""
    was_unavailable = record.problem in UNFULFILLABLE and problem in UNFULFILLABLE
    if record.problem != problem and not was_unavailable:
        record.problem_since = now
    record.problem, record.detail = problem, detail
    is_payment = problem == OrderProblem.PAYMENT_PENDING
    record.due_at = now + (PAYMENT_RETRY_AFTER if is_payment else RETRY_AFTER)
    if record.status == Status.RECEIVED:
        record.move(Status.WAITING, at=now, reason=f"{problem}: {detail}"[:500])
    record.attempts = 0
    record.save(update_fields=["problem", "detail", "problem_since", "due_at", "attempts"])


def is_to_refuse(record: RemoteOrderRecord, *, now: datetime) -> bool:
    """Return whether an order that cannot be fulfilled has waited as long as its store allows."""
    if record.problem not in UNFULFILLABLE or record.problem_since is None:
        return False
    allowed = timedelta(hours=record.connection.refuse_after_hours)
    return now >= record.problem_since + allowed
