"""Claim work queue: find claims to submit, to look up after a lost answer, to poll."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from orders.claims import status as claim_status
from orders.claims import submission
from orders.models import SupplierClaim
from orders.purchasing import retries
from orders.purchasing.retries import may_be_asked, supplier_answers

Claim = SupplierClaim.Status
SUPPLIER = "purchase_order__supplier"

CLAIMS_READ_EVERY = timedelta(minutes=15)  # suppliers take days to decide


def claims_to_be_told(*, now: datetime) -> QuerySet[SupplierClaim]:
    """Return claims to submit, for the first time or again."""
    return _told_by_us().filter(
        supplier_answers(SUPPLIER), may_be_asked(now), status__in=submission.SAYABLE
    )


def claims_to_be_found(*, now: datetime) -> QuerySet[SupplierClaim]:
    """Return claims whose answer was lost or whose worker died."""
    return _told_by_us().filter(
        Q(
            supplier_answers(SUPPLIER),
            may_be_asked(now),
            status=Claim.SUBMIT_UNKNOWN,
            status_since__lte=now - retries.CALLS_END_WITHIN,
        )
        | Q(status=Claim.SUBMITTING, status_since__lte=now - claim_status.SAYING_TAKES)
    )


def claims_to_be_read(*, now: datetime) -> QuerySet[SupplierClaim]:
    """Return open claims that are due for a poll."""
    return _told_by_us().filter(
        Q(polled_at__isnull=True) | Q(polled_at__lte=now - CLAIMS_READ_EVERY),
        supplier_answers(SUPPLIER),
        may_be_asked(now),
        status=Claim.REQUESTED,
    )


def suppliers_of_claims(*, now: datetime) -> list[int]:
    """Return the ids of suppliers with claims to submit, look up or poll."""
    finds = (claims_to_be_told, claims_to_be_found, claims_to_be_read)
    found = [find(now=now).values_list("purchase_order__supplier", flat=True) for find in finds]
    return sorted({supplier_id for ids in found for supplier_id in ids.distinct()})


def _told_by_us() -> QuerySet[SupplierClaim]:
    return SupplierClaim.objects.filter(is_by_hand=False)
