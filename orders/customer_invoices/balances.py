"""Balances: read what a customer is charged for an order after releases and refunds."""

from decimal import Decimal

from django.db.models import Q, Sum

from orders.models import Order, PaymentEvent

Kind = PaymentEvent.Kind
ZERO = Decimal(0)
RETURNING = (Kind.VOID_REQUESTED, Kind.REFUND_REQUESTED)


def charged(order: Order) -> Decimal:
    """Return what was authorized and neither released nor refunded.

    An authorization that expired counts: the customer still owes what it was for.
    """
    events = PaymentEvent.objects.filter(payment__order=order)
    sums = events.aggregate(
        **{
            kind.value: Sum("amount", filter=Q(kind=kind), default=ZERO)
            for kind in (Kind.AUTHORIZED, Kind.VOIDED, Kind.REFUNDED, Kind.REFUND_FAILED)
        }
    )
    return Decimal(sums["authorized"] - sums["voided"] - sums["refunded"] + sums["refund_failed"])


def being_returned(order: Order) -> Decimal:
    """Return the releases and refunds that the gateway has not answered yet."""
    requests = PaymentEvent.objects.filter(
        payment__order=order, kind__in=RETURNING, outcome__isnull=True
    )
    return Decimal(requests.aggregate(total=Sum("amount", default=ZERO))["total"])
