"""Changes: apply what happened to an imported order in its store: refunds, cancellation, address.

Everything is compared with our order and its payment, so that applying a version again changes
nothing. Staff are shown what comes too late here.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from orders.address_changes import change_requests
from orders.address_changes.corrections import AddressLockedError, InvalidNewAddressError
from orders.addresses import verification
from orders.cancellation import cancellation, items
from orders.models import Order, OrderLine, Payment
from orders.payments import reported_refunds
from storefront.lib.http.backoff import add_jitter, backoff
from storefront.sales_channels.models import OrderProblem, RemoteOrderRecord
from storefront.sales_channels.orders import gateway
from storefront.sales_channels.orders.translation import usable_address
from storefront.sales_channels.platforms.base import RemoteOrder, RemoteRefund

FIRST_RETRY_AFTER, MAX_RETRY_AFTER = timedelta(minutes=1), timedelta(hours=2)
REASON = "canceled in the store"


def follow(*, record: RemoteOrderRecord, remote: RemoteOrder, now: datetime) -> None:
    """Apply a version of the order, unless a newer one was applied. The caller holds its lock.

    Raises: updates.TooEarlyError  the payment is not known well enough yet
    """
    if record.remote_updated_at is not None and remote.updated_at < record.remote_updated_at:
        return
    problems = [*_follow_refunds(record, remote, now), *_follow_cancellation(record, remote, now)]
    problems += _follow_address(record, remote, now)
    if remote.updated_at != record.remote_updated_at:
        problems += _find_added_units(record, remote)
        if problems:
            record.problem, record.detail = problems[0]
            record.problem_since = now
    record.remote_updated_at, record.due_at, record.attempts = remote.updated_at, None, 0
    record.save(
        update_fields=[
            "problem",
            "detail",
            "problem_since",
            "remote_updated_at",
            "due_at",
            "attempts",
            "address_digest",
        ]
    )


type Problems = list[tuple[OrderProblem, str]]


def _follow_refunds(record: RemoteOrderRecord, remote: RemoteOrder, now: datetime) -> Problems:
    """Record the refunds made in the store itself; ours carry the key of a request."""
    payment = Payment.objects.get(gateway=gateway.CODE, reference=record.reference)
    ours = gateway.requested_keys(record.reference)
    problems: Problems = []
    for refund in sorted(remote.refunds, key=lambda one: one.made_at):
        if refund.key in ours or not refund.amount:
            continue
        order = _order_of(record)
        keep = _remaining_units(order, remote, refund)
        recorded = reported_refunds.record(
            payment=payment,
            update=gateway.refund_update(refund, reference=record.reference),
            keep=keep,
            reason=refund.reason or REASON,
            actor=record.connection.platform,
            now=now,
        )
        if recorded.is_too_late:
            problems.append((OrderProblem.TOO_LATE, f"{refund.amount} {refund.reason}"[:500]))
    return problems


def _remaining_units(order: Order, remote: RemoteOrder, refund: RemoteRefund) -> dict[int, int]:
    """Return the order lines that a refund reduces, with the units that remain.

    Delivered units cannot be canceled: their refund is that of a return.
    """
    keep: dict[int, int] = {}
    for line in order.lines.order_by("pk"):
        open_units = line.quantity - line.canceled_quantity - line.delivered_quantity
        if remote.is_canceled and open_units:
            keep[line.pk] = 0
    if remote.is_canceled:
        return keep
    for reference, units in refund.units.items():
        keep |= _reduce(order, reference, units)
    return keep


def _reduce(order: Order, reference: str, units: int) -> dict[int, int]:
    """Take units from the lines of a reference, unshipped ones first."""
    keep: dict[int, int] = {}
    lines = sorted(
        order.lines.filter(external_reference=reference),
        key=lambda line: (line.shipped_quantity > 0, line.pk),
    )
    for line in lines:
        open_units = line.quantity - line.canceled_quantity - line.delivered_quantity
        if (taken := min(units, open_units)) > 0:
            keep[line.pk] = line.quantity - line.canceled_quantity - taken
            units -= taken
    return keep


def _follow_cancellation(record: RemoteOrderRecord, remote: RemoteOrder, now: datetime) -> Problems:
    """Cancel the order, or the units, that were canceled in the store without a refund."""
    order = _order_of(record)
    actor = record.connection.platform
    if order.status == Order.Status.CANCELED:
        return []
    try:
        if remote.is_canceled:
            result = cancellation.cancel(order=order, reason=REASON, actor=actor, now=now)
            is_late = bool(result.refused)
        else:
            keep = _canceled_units(order, remote)
            outcomes = items.cancel_items(
                order=order, keep=keep, reason=REASON, actor=actor, now=now
            )
            is_late = bool(outcomes & {items.Outcome.LATE, items.Outcome.TOGETHER})
    except cancellation.TooLateError:
        is_late = True
    return [(OrderProblem.TOO_LATE, "")] if is_late else []


def _canceled_units(order: Order, remote: RemoteOrder) -> Mapping[int, int]:
    """Return the units to keep of lines of which more is canceled in the store than here."""
    keep: dict[int, int] = {}
    for line in remote.lines:
        ours = OrderLine.objects.filter(order=order, external_reference=line.external_id)
        canceled = sum(one.canceled_quantity for one in ours)
        sold = sum(one.quantity for one in ours)
        wanted = min(line.canceled - (line.quantity - sold), sold)
        if wanted > canceled:
            keep |= _reduce(order, line.external_id, wanted - canceled)
    return keep


def _follow_address(record: RemoteOrderRecord, remote: RemoteOrder, now: datetime) -> Problems:
    """Change the address of the order if it changed in the store since it was last read."""
    digest = address_digest(remote)
    if digest == record.address_digest:
        return []
    record.address_digest = digest
    try:
        change_requests.change_address(
            order=_order_of(record),
            ship_to=usable_address(remote.ship_to),
            reason="changed in the store",
            actor=record.connection.platform,
            now=now,
        )
    except (AddressLockedError, InvalidNewAddressError) as error:
        return [(OrderProblem.ADDRESS_LOCKED, str(error)[:500])]
    return []


def _find_added_units(record: RemoteOrderRecord, remote: RemoteOrder) -> Problems:
    sold: dict[str, int] = {}
    for line in _order_of(record).lines.all():
        sold[line.external_reference] = sold.get(line.external_reference, 0) + line.quantity
    added = [
        f"{line.sku}: {line.quantity - line.canceled - sold.get(line.external_id, 0)}"
        for line in remote.lines
        if line.quantity - line.canceled > sold.get(line.external_id, 0)
    ]
    return [(OrderProblem.UNITS_ADDED, ", ".join(added)[:500])] if added else []


def address_digest(remote: RemoteOrder) -> str:
    return verification.digest_of(usable_address(remote.ship_to))


def _order_of(record: RemoteOrderRecord) -> Order:
    order = record.order
    assert order is not None  # noqa: S101 - a constraint: it is imported
    order.refresh_from_db()
    return order


def next_attempt_at(failures: int, *, now: datetime) -> datetime:
    """Return the time of the next attempt, later after each failure."""
    return now + add_jitter(backoff(FIRST_RETRY_AFTER, failures=failures, longest=MAX_RETRY_AFTER))


def defer(record: RemoteOrderRecord, *, now: datetime) -> None:
    """Try again later, later after each failure."""
    record.due_at = next_attempt_at(record.attempts, now=now)
    record.attempts = min(record.attempts + 1, 1000)
    record.save(update_fields=["due_at", "attempts"])
