"""Rollup: count changed orders again, sum the days that they belong to, rebuild all figures.

Database triggers queue an order when something of it changes (``figures.sql``). A page reads only
the sums of days, so that its cost does not depend on the number of orders.
"""

from datetime import date, datetime

from django.db import connection, transaction
from django.utils import timezone

from storefront.dashboard.figures import order_figures
from storefront.dashboard.models import DailyFigures, OrderFigures, PendingFigures
from storefront.lib.clock import midnight
from storefront.lib.db.advisory_locks import try_lock_until_commit
from storefront.lib.db.transactions import requires_transaction

BATCH = 500
MAX_BATCHES = 20  # of one run; the next sweep goes on
MEASURES = (
    *("units", "canceled", "delivered", "returned", "revenue", "refunds", "profit"),
    *("kept", "missed", "repeats", "estimated"),
)
_SUM_DAYS = f"""
    INSERT INTO dashboard_dailyfigures
        (day, channel_id, currency, supplier_id, orders, {", ".join(MEASURES)})
    SELECT day, channel_id, currency, supplier_id, count(*),
           {", ".join(f"sum({name})" for name in MEASURES)}
    FROM dashboard_orderfigures
    WHERE day = ANY(%s)
    GROUP BY day, channel_id, currency, supplier_id
"""  # noqa: S608 - names of our own columns
# An order that is not complete on the day after the promised one has missed its promise.
_QUEUE_OVERDUE = """
    INSERT INTO dashboard_pendingfigures (order_id)
    SELECT o.id
    FROM orders_order o
    JOIN dashboard_orderfigures f ON f.order_id = o.id AND f.supplier_id IS NULL
    WHERE o.status IN ('placed', 'on_hold', 'processing') AND o.arrives_to < %s
      AND f.kept = 0 AND f.missed = 0 AND f.units > f.canceled
"""
_QUEUE_ALL = """
    INSERT INTO dashboard_pendingfigures (order_id)
    SELECT id FROM orders_order
    WHERE placed_at >= %s AND status NOT IN ('pending_payment', 'expired')
    ORDER BY id
"""


def refresh(*, now: datetime) -> int:
    """Count all queued orders again; return how many rows were queued.

    Idempotent. Does nothing while another worker does it.
    """
    with connection.cursor() as cursor:
        cursor.execute(_QUEUE_OVERDUE, [timezone.localdate(now)])
    done = 0
    for _number in range(MAX_BATCHES):
        found = _refresh_batch(now)
        done += found
        if found < BATCH:
            break
    return done


def queue_all(*, since: date) -> int:
    """Queue all orders placed on or after a day; return how many."""
    with connection.cursor() as cursor:
        cursor.execute(_QUEUE_ALL, [midnight(since)])
        return int(cursor.rowcount)


@transaction.atomic(durable=True)
def _refresh_batch(now: datetime) -> int:
    """Replace the figures of the oldest queued orders, and the sums of their days.

    Locks: an advisory lock, so that an older state of an order never replaces a newer one
    """
    if not try_lock_until_commit("daily figures"):
        return 0
    queued = list(PendingFigures.objects.order_by("pk").values_list("pk", "order_id")[:BATCH])
    order_ids = sorted({order_id for _, order_id in queued})
    if not order_ids:
        return 0
    rows = order_figures.compute(order_ids, now=now)
    before = OrderFigures.objects.filter(order__in=order_ids)
    days = {row.day for row in rows} | set(before.values_list("day", flat=True))
    before.delete()
    OrderFigures.objects.bulk_create(rows)
    _sum_days(sorted(days))
    PendingFigures.objects.filter(pk__in=[pk for pk, _ in queued]).delete()
    return len(queued)


@requires_transaction
def _sum_days(days: list[date]) -> None:
    DailyFigures.objects.filter(day__in=days).delete()
    with connection.cursor() as cursor:
        cursor.execute(_SUM_DAYS, [days])
