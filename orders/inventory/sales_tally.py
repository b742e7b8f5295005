"""Sales tally: store daily sales per channel and variant, the demand that pricing uses."""

from datetime import UTC, date, datetime, time, timedelta

from django.db.models import F, Sum
from django.db.models.functions import TruncDate

from catalog.pricing import market
from catalog.pricing.market import DEMAND_DAYS
from orders.models import Order, OrderLine

PAID_STATES = (
    Order.Status.PLACED,
    Order.Status.ON_HOLD,
    Order.Status.PROCESSING,
    Order.Status.COMPLETED,
)


def count_sales(*, now: datetime) -> int:
    """Recount the paid orders of ``DEMAND_DAYS`` days; return the number of changed rows."""
    until = now.date()
    since = until - timedelta(days=DEMAND_DAYS - 1)
    return market.store_daily_sales(sold=_count_sold(since), since=since, until=until, now=now)


def _count_sold(since: date) -> dict[tuple[int, int, date], int]:
    lines = (
        OrderLine.objects.filter(
            order__status__in=PAID_STATES,
            order__placed_at__gte=datetime.combine(since, time(), UTC),
        )
        .annotate(day=TruncDate("order__placed_at", tzinfo=UTC))
        .values_list("order__channel_id", "variant_id", "day")
        .annotate(units=Sum(F("quantity") - F("canceled_quantity")))
    )
    return {(channel, variant, day): units for channel, variant, day, units in lines}
