"""Visits: add counts from Redis to their days, delete old searches, read the funnel of a period."""

import logging
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Max, QuerySet, Sum
from django.utils import timezone
from redis.exceptions import RedisError

from catalog.markets import visit_counters
from catalog.markets.visit_counters import Counted, Step
from catalog.models import Channel
from storefront.dashboard.figures.queries import Period
from storefront.dashboard.models import DailyFigures, DailyVisits, EmptySearch

log = logging.getLogger(__name__)

SEARCH_RETENTION = timedelta(days=90)
MAX_TEXTS = 500  # of one day and channel; rarer ones are dropped
MAX_SEARCHES = 50  # of the page
_ADD_STEPS = """
    INSERT INTO dashboard_dailyvisits (day, channel_id, views, carts, checkouts)
    SELECT day, channel_id, coalesce(sum(n) FILTER (WHERE name = 'views'), 0),
           coalesce(sum(n) FILTER (WHERE name = 'carts'), 0),
           coalesce(sum(n) FILTER (WHERE name = 'checkouts'), 0)
    FROM unnest(%s::date[], %s::bigint[], %s::text[], %s::int[]) new (day, channel_id, name, n)
    WHERE channel_id IN (SELECT id FROM catalog_channel)
    GROUP BY day, channel_id
    ON CONFLICT (day, channel_id) DO UPDATE SET
        views = dashboard_dailyvisits.views + excluded.views,
        carts = dashboard_dailyvisits.carts + excluded.carts,
        checkouts = dashboard_dailyvisits.checkouts + excluded.checkouts
"""
_ADD_SEARCHES = f"""
    INSERT INTO dashboard_emptysearch (day, channel_id, text, count)
    SELECT day, channel_id, name, n
    FROM (SELECT *, row_number() OVER (PARTITION BY day, channel_id ORDER BY n DESC, name) AS place
          FROM unnest(%s::date[], %s::bigint[], %s::text[], %s::int[]) new (day, channel_id, name, n)
         ) new
    WHERE channel_id IN (SELECT id FROM catalog_channel)
      AND (EXISTS (SELECT 1 FROM dashboard_emptysearch e WHERE e.day = new.day
                   AND e.channel_id = new.channel_id AND e.text = new.name)
           OR place + (SELECT count(*) FROM dashboard_emptysearch e WHERE e.day = new.day
                       AND e.channel_id = new.channel_id) <= {MAX_TEXTS})
    ON CONFLICT (day, channel_id, text) DO UPDATE SET
        count = dashboard_emptysearch.count + excluded.count
"""  # noqa: S608 - made of constants


@dataclass(slots=True, kw_only=True)
class FunnelSums:
    """Visits and paid orders of a day or a period."""

    day: date | None = None
    views: int = 0
    carts: int = 0
    checkouts: int = 0
    paid: int = 0


@dataclass(slots=True, kw_only=True)
class Funnel:
    """The sums of a period, of the period before, and of each day."""

    now: FunnelSums = field(default_factory=FunnelSums)
    before: FunnelSums = field(default_factory=FunnelSums)
    days: list[FunnelSums] = field(default_factory=list)


@transaction.atomic(durable=True)
def store(*, now: datetime) -> None:
    """Add the counts of Redis to their days; delete searches after ``SEARCH_RETENTION``.

    The database is asked first: while it is down, Redis keeps the counts. A process that dies
    between taking and storing loses those of a minute, and never adds them twice.
    """
    EmptySearch.objects.filter(day__lt=timezone.localdate(now) - SEARCH_RETENTION).delete()
    try:
        steps, searches = visit_counters.take()
    except RedisError as error:
        log.warning("Redis is unavailable; visits are stored later: %s", error)
        return
    with connection.cursor() as cursor:
        if steps:
            cursor.execute(_ADD_STEPS, _columns(steps))
        if searches:
            cursor.execute(_ADD_SEARCHES, _columns(searches))


def _columns(counts: list[Counted]) -> list[Any]:
    return [list(column) for column in zip(*counts, strict=True)]


def load(period: Period, *, channel: Channel | None = None) -> Funnel:
    """Return the funnel of a period, in two statements whose cost depends on the number of days.

    Paid orders are those of the daily figures, on the channels that our own pages sell.
    """
    days = {"day__gte": period.before.since, "day__lte": period.until}
    of = {"channel": channel} if channel else {"channel__is_storefront": True}
    visits = DailyVisits.objects.filter(**days, **of).values("day")
    orders = DailyFigures.objects.filter(**days, **of, supplier=None).values("day")
    sums = {f"sum_{step}": Sum(step.value) for step in Step}
    found: dict[date, Counter[str]] = {}
    for row in [
        *visits.annotate(**sums).order_by("day"),
        *orders.annotate(sum_paid=Sum("orders")).order_by("day"),
    ]:
        counts = {name.removeprefix("sum_"): n for name, n in row.items() if name != "day"}
        found.setdefault(row["day"], Counter()).update(counts)
    funnel = Funnel()
    for day, counter in sorted(found.items()):
        if day >= period.since:
            funnel.days.append(FunnelSums(day=day, **counter))
        total = funnel.now if day >= period.since else funnel.before
        for name, number in counter.items():
            setattr(total, name, getattr(total, name) + number)
    return funnel


def load_searches(period: Period, *, channel: Channel | None = None) -> QuerySet[Any, Any]:
    """Return the most frequent searches without results, with their number and last day."""
    of = {"channel": channel} if channel else {}
    return (
        EmptySearch.objects.filter(day__gte=period.since, day__lte=period.until, **of)
        .values("text")
        .annotate(searches=Sum("count"), last=Max("day"))
        .order_by("-searches", "text")[:MAX_SEARCHES]
    )
