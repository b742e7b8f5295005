"""KPIs: count today's orders and parcels, sum today's payments."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, Sum

from orders.models import Order, PaymentEvent
from shipping.models import Parcel
from storefront.lib.money import Money

FINAL = (Order.Status.COMPLETED, Order.Status.CANCELED, Order.Status.EXPIRED)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrdersInState:
    """Number of orders with a status, and how many of them were placed today."""

    status: Order.Status
    count: int
    today: int


def orders(*, midnight: datetime) -> list[OrdersInState]:
    """Count open orders by status, and those that became final today."""
    wanted = Q(status__in=Order.OPEN) | Q(status__in=FINAL, status_since__gte=midnight)
    rows = (
        Order.objects.filter(wanted)
        .order_by()
        .values_list("status")
        .annotate(count=Count("pk"), today=Count("pk", filter=Q(placed_at__gte=midnight)))
    )
    counts = {status: (count, today) for status, count, today in rows}
    return [
        OrdersInState(status=status, count=count, today=today)
        for status in (*Order.OPEN, *FINAL)
        for count, today in [counts.get(status, (0, 0))]
    ]


def money(*, midnight: datetime) -> dict[PaymentEvent.Kind, list[Money]]:
    """Sum today's authorized, captured and refunded amounts, by currency."""
    kinds = (PaymentEvent.Kind.AUTHORIZED, PaymentEvent.Kind.CAPTURED, PaymentEvent.Kind.REFUNDED)
    rows = (
        PaymentEvent.objects.filter(kind__in=kinds, received_at__gte=midnight)
        .order_by("payment__currency")
        .values_list("kind", "payment__currency")
        .annotate(total=Sum("amount"))
    )
    sums: dict[str, list[Money]] = defaultdict(list)
    for kind, currency, total in rows:
        sums[kind].append(Money(total, currency))
    return {kind: sums[kind] for kind in kinds}


def parcels(*, midnight: datetime) -> dict[str, int]:
    """Count parcels: label created today, not shipped yet, in transit, delivered today."""
    counts = Parcel.objects.filter(
        Q(status__in=["label_created", "shipped"])
        | Q(status="delivered", status_since__gte=midnight)
    ).aggregate(
        created_today=Count("pk", filter=Q(label_created_at__gte=midnight)),
        waiting=Count("pk", filter=Q(status="label_created")),
        in_transit=Count("pk", filter=Q(status="shipped")),
        delivered_today=Count("pk", filter=Q(status="delivered", status_since__gte=midnight)),
    )
    return dict(counts)
