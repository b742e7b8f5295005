"""Find the purchase orders and claims that wait for us to ask their supplier something.

Who does not even answer orders now is not asked: what waits for him waits in its row. Nor is he
asked before the moment that he named (``try_after``). Whose worker died, and a wish to cancel what
was never sent, need no call, and wait for nobody.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import F, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from orders import cancelling, claiming, following, pausing, purchasing, resolving
from orders.models import Order, PurchaseOrder, SupplierClaim
from orders.wishes import STOPPABLE
from suppliers import breaking
from suppliers.models.sending import Sending

Status = PurchaseOrder.Status
Request = PurchaseOrder.Request
Claim = SupplierClaim.Status

HIS_CLAIM = "purchase_order__supplier"
CLAIMS_READ_EVERY = timedelta(minutes=15)  # people decide about them, in days


def to_be_sent(*, now: datetime) -> QuerySet[PurchaseOrder]:
    """Find what was never sent, and what is to be sent again.

    What is collected for its supplier waits for its moment; where he is sent all at once by now,
    it waits no more. A moment that we missed is past, so it is found.
    """
    return PurchaseOrder.objects.filter(
        _is_answered(),
        _may_be_asked(now),
        Q(goes_at__isnull=True) | Q(goes_at__lte=now) | Q(supplier__sending=Sending.AT_ONCE),
        status__in=[Status.DRAFT, Status.READY],
        cancel_wanted_at__isnull=True,
        request_status__in=purchasing.SENDABLE,
        order__status=Order.Status.PROCESSING,
    )


def to_be_resolved(*, now: datetime) -> QuerySet[PurchaseOrder]:
    """Find calls whose answer was lost, or whose worker died."""
    return PurchaseOrder.objects.filter(
        Q(
            _is_answered(),
            _may_be_asked(now),
            request_status=Request.SUBMIT_UNKNOWN,
            request_status_since__lte=now - pausing.CALLS_END_WITHIN,
        )
        | Q(
            request_status=Request.SUBMITTING,
            request_status_since__lte=now - resolving.SENDING_TAKES,
        )
    )


def to_be_stopped(*, now: datetime) -> QuerySet[PurchaseOrder]:
    """Find wishes to cancel that wait to be told, and those that need no answer any more.

    Who was asked by a letter, or is asked by a person, answers when he likes: he is asked once.
    """
    wanted = PurchaseOrder.objects.filter(
        Q(_is_answered(), _may_be_asked(now)) | Q(request_status__in=cancelling.NEVER_SENT),
        cancel_wanted_at__isnull=False,
    )
    is_told = Q(request_status=Request.CANCELLATION_REQUESTED, status__in=STOPPABLE)
    return wanted.exclude(status=Status.CANCELED).exclude(is_told & ~Q(stop_told_by=""))


def in_turn(due: QuerySet[PurchaseOrder], *, most: int) -> list[int]:
    """Take the first of each supplier, then the second of each: no backlog hides the others."""
    place = Window(RowNumber(), partition_by=F("supplier"), order_by="pk")
    ranked = due.annotate(place=place).order_by("place", "pk")
    return list(ranked.values_list("pk", flat=True)[:most])


def _is_answered(supplier: str = "supplier") -> Q:
    return ~Q(**{f"{supplier}__in": breaking.not_even_orders()})


def _may_be_asked(now: datetime) -> Q:
    return Q(try_after__isnull=True) | Q(try_after__lte=now)


def claims_to_be_told(*, now: datetime) -> QuerySet[SupplierClaim]:
    """Find what was never told, and what is to be told again."""
    return _told_by_us().filter(
        _is_answered(HIS_CLAIM), _may_be_asked(now), status__in=claiming.SAYABLE
    )


def claims_to_be_found(*, now: datetime) -> QuerySet[SupplierClaim]:
    """Find claims whose answer was lost, or whose worker died."""
    return _told_by_us().filter(
        Q(
            _is_answered(HIS_CLAIM),
            _may_be_asked(now),
            status=Claim.SUBMIT_UNKNOWN,
            status_since__lte=now - pausing.CALLS_END_WITHIN,
        )
        | Q(status=Claim.SUBMITTING, status_since__lte=now - following.SAYING_TAKES)
    )


def claims_to_be_read(*, now: datetime) -> QuerySet[SupplierClaim]:
    """Find open claims of which we have not asked for a while."""
    return _told_by_us().filter(
        Q(polled_at__isnull=True) | Q(polled_at__lte=now - CLAIMS_READ_EVERY),
        _is_answered(HIS_CLAIM),
        _may_be_asked(now),
        status=Claim.REQUESTED,
    )


def suppliers_of_claims(*, now: datetime) -> list[int]:
    """Return the suppliers to whom something of a claim is to be said or asked, each once."""
    finds = (claims_to_be_told, claims_to_be_found, claims_to_be_read)
    found = [find(now=now).values_list("purchase_order__supplier", flat=True) for find in finds]
    return sorted({supplier_id for ids in found for supplier_id in ids.distinct()})


def _told_by_us() -> QuerySet[SupplierClaim]:
    return SupplierClaim.objects.filter(is_by_hand=False)
