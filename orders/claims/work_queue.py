"""Claim work queue: find claims to submit, to look up after a lost answer, to poll."""

from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from orders.claims import submission
from orders.models import SupplierClaim
from orders.purchasing import retries
from orders.purchasing.retries import is_retry_due, is_supplier_available

Claim = SupplierClaim.Status
SUPPLIER = "purchase_order__supplier"

POLL_INTERVAL = timedelta(minutes=15)  # suppliers take days to decide


def claims_to_submit(*, now: datetime) -> QuerySet[SupplierClaim]:
    """Return claims to submit, for the first time or again."""
    return _submitted_by_api().filter(
        is_supplier_available(SUPPLIER), is_retry_due(now), status__in=submission.SUBMITTABLE
    )


def claims_to_look_up(*, now: datetime) -> QuerySet[SupplierClaim]:
    """Return claims whose answer was lost or whose worker died."""
    return _submitted_by_api().filter(
        Q(
            is_supplier_available(SUPPLIER),
            is_retry_due(now),
            status=Claim.SUBMIT_UNKNOWN,
            status_since__lte=now - retries.MAX_CALL_TIME,
        )
        | Q(status=Claim.SUBMITTING, status_since__lte=now - retries.SUBMISSION_TIMEOUT)
    )


def claims_to_poll(*, now: datetime) -> QuerySet[SupplierClaim]:
    """Return open claims that are due for a poll."""
    return _submitted_by_api().filter(
        Q(polled_at__isnull=True) | Q(polled_at__lte=now - POLL_INTERVAL),
        is_supplier_available(SUPPLIER),
        is_retry_due(now),
        status=Claim.REQUESTED,
    )


def suppliers_with_claims(*, now: datetime) -> list[int]:
    """Return the ids of suppliers with claims to submit, look up or poll."""
    queries = (claims_to_submit, claims_to_look_up, claims_to_poll)
    supplier_ids = [
        query(now=now).values_list("purchase_order__supplier", flat=True) for query in queries
    ]
    return sorted({supplier_id for ids in supplier_ids for supplier_id in ids.distinct()})


def _submitted_by_api() -> QuerySet[SupplierClaim]:
    return SupplierClaim.objects.filter(is_manual=False)
