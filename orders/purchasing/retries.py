"""Retries: decide when a supplier may be called about an order again."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from orders.models import PurchaseMessage, PurchaseOrder, SupplierClaim
from storefront.identity import live_database
from storefront.lib.http.backoff import add_jitter, backoff
from storefront.lib.http.errors import CallDeferredError, ExternalServiceError, TemporaryError
from suppliers.resilience import circuit_breaker

# Limit of ``Retry-After``, because a wrong header or clock must not delay an order for longer.
MAX_PAUSE = timedelta(hours=6)
# A call that timed out here may still be under way: an earlier lookup would prove nothing.
MAX_CALL_TIME = timedelta(seconds=30)
RESTORED = "A backup was restored: this may have been sent after the backup was made."
# After this time without a result, the worker of a submission is taken for dead. A missing advisory
# lock alone is no proof: the worker may have lost only its database connection.
SUBMISSION_TIMEOUT = timedelta(seconds=90)


def call_in_progress_message() -> str:
    """Return the message for staff that a call may still be under way."""
    return gettext(
        "A request about this purchase order may still be running. Its status is checked "
        "automatically once the request has ended."
    )


def is_forgotten(
    database: live_database.State, *, since: datetime, attempts: QuerySet[PurchaseMessage]
) -> bool:
    """Return whether a supplier may have received what a restored backup does not know of.

    That is so for what is older than the moment when staff switched on the backup, without an
    attempt since then. Such an attempt is recorded and looked up, not sent.
    """
    if not database.is_from_before(since):
        return False
    return not attempts.filter(at__gte=database.switched_on_at).exists()


def retry_after(error: ExternalServiceError | str, *, now: datetime) -> datetime | None:
    """Return the time of ``Retry-After`` from ``now`` on, with jitter, at most ``MAX_PAUSE``."""
    wait = None
    if isinstance(error, CallDeferredError):
        wait = None if error.until is None else error.until - now
    elif isinstance(error, TemporaryError) and error.retry_after_s is not None:
        wait = timedelta(seconds=error.retry_after_s)
    if wait is None or wait <= timedelta(0):
        return None
    return now + add_jitter(min(wait, MAX_PAUSE))


def next_retry(
    row: PurchaseOrder | SupplierClaim,
    problem: ExternalServiceError | str,
    *,
    first: timedelta,
    longest: timedelta,
    now: datetime,
) -> dict[str, Any]:
    """Return the fields of an attempt that had no effect: ``failures`` and ``retry_at``.

    Exponential backoff that respects ``Retry-After``. A call blocked by our own circuit breaker is
    no failure: otherwise rows that were never sent would wait longest after an outage.
    """
    is_blocked_by_breaker = isinstance(problem, CallDeferredError)
    failures = 0 if is_blocked_by_breaker else row.failures
    default = now + add_jitter(backoff(first, failures=failures, longest=longest))
    return {
        "failures": row.failures + (not is_blocked_by_breaker),
        "retry_at": max(default, retry_after(problem, now=now) or default),
    }


def end_attempt(
    row: PurchaseOrder | SupplierClaim,
    to: str,
    problem: ExternalServiceError | str,
    *,
    now: datetime,
    **fields: Any,
) -> None:
    """Store the result of a call. Raises ConcurrentUpdateError if a later attempt has begun."""
    row.move(
        to,
        at=now,
        status_field="submission_status" if isinstance(row, PurchaseOrder) else "status",
        expected=("attempts",),
        reason=str(problem),
        problem=str(problem)[:300],
        **fields,
    )


def defer(purchase_order: PurchaseOrder, error: ExternalServiceError, *, now: datetime) -> None:
    """Delay a lookup or cancellation by ``Retry-After``, unless the purchase order has changed."""
    until = retry_after(error, now=now)
    if until is None:
        return
    expected = PurchaseOrder.objects.filter(
        pk=purchase_order.pk,
        submission_status=purchase_order.submission_status,
        attempts=purchase_order.attempts,
    )
    if expected.update(retry_at=until):
        purchase_order.retry_at = until


def is_deferred(purchase_order: PurchaseOrder, *, now: datetime) -> bool:
    """Return whether ``retry_at`` is in the future."""
    return purchase_order.retry_at is not None and purchase_order.retry_at > now


def is_supplier_available(supplier: str = "supplier") -> Q:
    return ~Q(**{f"{supplier}__in": circuit_breaker.blocked_for_orders()})


def is_retry_due(now: datetime) -> Q:
    return Q(retry_at__isnull=True) | Q(retry_at__lte=now)
