"""KPIs: count today's orders, payments and parcels, sum revenue, cost and margin."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import connection
from django.db.models import Count, Q, Sum

from orders.models import Order, PaymentEvent
from shipping.models import Parcel
from storefront.lib.money import Money

OPEN = (
    Order.Status.PENDING_PAYMENT,
    Order.Status.PLACED,
    Order.Status.ON_HOLD,
    Order.Status.PROCESSING,
)
FINAL = (Order.Status.COMPLETED, Order.Status.CANCELED, Order.Status.EXPIRED)
PROFIT_PERIOD = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrdersInState:
    """Number of orders with a status, and how many of them were placed today."""

    status: Order.Status
    count: int
    today: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Profit:
    """Net revenue and cost of items sold in the last 30 days, in one currency."""

    revenue: Money
    cost: Money

    @property
    def margin(self) -> Money:
        return self.revenue - self.cost

    @property
    def margin_percent(self) -> int:
        return int(100 * self.margin.amount / self.revenue.amount) if self.revenue else 0


def orders(*, midnight: datetime) -> list[OrdersInState]:
    """Count open orders by status, and those that became final today."""
    wanted = Q(status__in=OPEN) | Q(status__in=FINAL, status_since__gte=midnight)
    rows = (
        Order.objects.filter(wanted)
        .order_by()
        .values_list("status")
        .annotate(count=Count("pk"), today=Count("pk", filter=Q(placed_at__gte=midnight)))
    )
    counts = {status: (count, today) for status, count, today in rows}
    return [
        OrdersInState(status=status, count=count, today=today)
        for status in (*OPEN, *FINAL)
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
        Q(status__in=["label_created", "shipped"]) | Q(status_since__gte=midnight)
    ).aggregate(
        created_today=Count("pk", filter=Q(label_created_at__gte=midnight)),
        waiting=Count("pk", filter=Q(status="label_created")),
        in_transit=Count("pk", filter=Q(status="shipped")),
        delivered_today=Count("pk", filter=Q(status="delivered", status_since__gte=midnight)),
    )
    return dict(counts)


# The cost of a line is its landed cost and fees when it was sold. For lines without them it is the
# wholesale cost, at the exchange rate of the sale or of today. A line without a rate is left out of
# revenue and cost, so that no cost counts as zero.
_PROFIT_SQL = """
    SELECT o.currency,
           coalesce(sum(net * sold), 0),
           coalesce(sum(coalesce(spent, cost * rate) * sold), 0)
    FROM (
        SELECT l.order_id, l.cost_amount AS cost,
               (l.line_amount - l.discount_amount + l.additional_tax_amount - l.tax_amount)
                   / l.quantity AS net,
               l.quantity - l.canceled_quantity AS sold,
               (l.landed_amount + l.fees_amount) / l.quantity AS spent,
               CASE WHEN l.cost_currency = o.currency THEN 1
                    ELSE coalesce(l.cost_rate, r.rate) END AS rate
        FROM orders_orderline l
        JOIN orders_order o ON o.id = l.order_id
        LEFT JOIN catalog_exchangerate r
          ON r.base = l.cost_currency AND r.quote = o.currency
        WHERE o.placed_at >= %(since)s
          AND o.status IN ('placed', 'on_hold', 'processing', 'completed')
    ) AS line
    JOIN orders_order o ON o.id = line.order_id
    WHERE coalesce(spent, rate) IS NOT NULL
    GROUP BY o.currency ORDER BY o.currency
"""


def profit(*, now: datetime) -> list[Profit]:
    """Return net revenue and cost of sold items by currency, without paid delivery."""
    with connection.cursor() as cursor:
        cursor.execute(_PROFIT_SQL, {"since": now - PROFIT_PERIOD})
        rows: list[tuple[str, Decimal, Decimal]] = cursor.fetchall()
    return [
        Profit(revenue=Money(revenue, currency), cost=Money(cost, currency))
        for currency, revenue, cost in rows
    ]
