"""Shop metrics: read the state of suppliers, orders, queues and the inbox at each scrape.

The database is the truth for all processes, so only web processes are scraped. Call counters of
suppliers begin again each day at midnight UTC, which Prometheus treats as a counter reset.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime

import redis
from django.db import connection
from django.utils import timezone
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from storefront.dashboard.home import feed_freshness
from storefront.dashboard.inbox import query
from storefront.dashboard.inbox.rules.registry import RULES
from storefront.ops import health
from storefront.workers import heartbeats, queues
from suppliers.models import CircuitBreaker, LatencyBucket, Supplier
from suppliers.scorecards.statistics import BUCKETS_MS, NO_ANSWER_MS

_AGE = "SELECT extract(epoch FROM %(now)s - min({})) FROM {} WHERE {}"
# One statement for all plain gauges: name -> help text, and the SQL of its number. Ages are in
# seconds, 0 if nothing waits.
GAUGES: Mapping[str, tuple[str, str]] = {
    "fara_orders_placed_last_hour": (
        "Orders placed in the last hour.",
        "SELECT count(*) FROM orders_order WHERE placed_at > %(now)s - interval '1 hour'",
    ),
    "fara_orders_unsourced_oldest_seconds": (
        "Age of the oldest paid order without a purchase order.",
        _AGE.format("status_since", "orders_order", "status = 'placed'"),
    ),
    "fara_purchase_orders_unsubmitted_oldest_seconds": (
        "Age of the oldest purchase order that its supplier did not get.",
        _AGE.format(
            "status_since",
            "orders_purchaseorder",
            "status = 'ready' AND submission_status IN ('unsubmitted', 'submit_failed')",
        ),
    ),
    "fara_purchase_orders_unconfirmed": (
        "Purchase orders that the supplier may or may not have.",
        "SELECT count(*) FROM orders_purchaseorder WHERE submission_status = 'submit_unknown'",
    ),
    "fara_webhook_deliveries_oldest_seconds": (
        "Age of the oldest due delivery to a webhook subscription.",
        _AGE.format(
            "due_at",
            "events_webhookdelivery d JOIN events_webhooksubscription s ON s.id = d.subscription_id",
            "d.status = 'pending' AND due_at <= %(now)s AND s.status = 'active'",
        ),
    ),
    "fara_money_differences_open": (
        "Differences between our books and a gateway, supplier or invoice.",
        "SELECT count(*) FROM orders_discrepancy WHERE status = 'open'",
    ),
    "fara_invariants_violated": (
        "Data integrity checks that failed.",
        "SELECT count(*) FROM dashboard_invariantviolation",
    ),
}


class ShopCollector(Collector):
    """Collects the state of the shop. At most ten statements and one round trip to Redis."""

    def collect(self) -> Iterator[Metric]:
        now = timezone.now()
        yield from _gauges(now)
        yield from _inbox(now)
        yield from _supplier_calls(now)
        yield from _breakers()
        yield from _syncs(now)
        yield from _workers()


def _gauges(now: datetime) -> Iterator[Metric]:
    columns = ", ".join(f"coalesce(({sql}), 0)" for _text, sql in GAUGES.values())
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns}", {"now": now})
        values = cursor.fetchone()
    for (name, (text, _sql)), value in zip(GAUGES.items(), values, strict=True):
        yield GaugeMetricFamily(name, text, value=float(value))
    yield GaugeMetricFamily(
        "fara_outbox_oldest_seconds",
        "Age of the oldest due message to a customer or supplier.",
        value=health.oldest_message_s(),
    )
    yield GaugeMetricFamily(
        "fara_inbound_webhooks_oldest_seconds",
        "Age of the oldest due inbound webhook.",
        value=health.oldest_webhook_s(),
    )


def _inbox(now: datetime) -> Iterator[Metric]:
    family = GaugeMetricFamily(
        "fara_inbox_items", "Cases that need staff, by cause.", labels=["cause"]
    )
    counts = {row.cause.code: row.count for row in query.load_items(now=now, most=1)}
    for rule in RULES:
        family.add_metric([rule.code], counts.get(rule.code, 0))
    yield family


def _supplier_calls(now: datetime) -> Iterator[Metric]:
    duration = HistogramMetricFamily(
        "fara_supplier_call_duration_seconds",
        "Answered calls to a supplier, today.",
        labels=["supplier"],
    )
    failures = CounterMetricFamily(
        "fara_supplier_call_failures",
        "Calls to a supplier without an answer, today.",
        labels=["supplier"],
    )
    counts: dict[str, dict[int, int]] = defaultdict(dict)
    today = LatencyBucket.objects.filter(on=now.date())
    for code, le_ms, count in today.values_list("supplier__code", "le_ms", "count"):
        counts[code][le_ms] = count
    for code in Supplier.objects.order_by("code").values_list("code", flat=True):
        answered = counts[code]
        failures.add_metric([code], answered.pop(NO_ANSWER_MS, 0))
        buckets, total = [], 0
        for le_ms in BUCKETS_MS:
            total += answered.get(le_ms, 0)
            buckets.append((str(le_ms / 1000), float(total)))
        longer = sum(count for le_ms, count in answered.items() if le_ms > BUCKETS_MS[-1])
        buckets.append(("+Inf", float(total + longer)))
        duration.add_metric([code], buckets=buckets, sum_value=None)
    yield duration
    yield failures


def _breakers() -> Iterator[Metric]:
    family = GaugeMetricFamily(
        "fara_circuit_breaker_open",
        "1 while calls to a supplier, gateway or store are paused after failures.",
        labels=["system"],
    )
    rows = CircuitBreaker.objects.order_by("pk")
    for supplier, gateway, opened_at in rows.values_list(
        "connection__supplier__code", "gateway", "opened_at"
    ):
        family.add_metric([supplier or gateway], opened_at is not None)
    yield family


def _syncs(now: datetime) -> Iterator[Metric]:
    labels = ["supplier", "kind"]
    age = GaugeMetricFamily(
        "fara_sync_age_seconds",
        "Time since the last applied sync, without one since 1970.",
        labels=labels,
    )
    interval = GaugeMetricFamily(
        "fara_sync_interval_seconds", "Planned time between syncs.", labels=labels
    )
    codes = dict(Supplier.objects.values_list("pk", "code"))
    for job in feed_freshness.job_freshness(now=now):
        names = [codes[job.supplier_id], job.kind]
        last = job.applied.started_at.timestamp() if job.applied else 0.0
        age.add_metric(names, now.timestamp() - last)
        interval.add_metric(names, job.every.total_seconds())
    yield age
    yield interval


def _workers() -> Iterator[Metric]:
    up = GaugeMetricFamily(
        "fara_process_up",
        "1 if beat, or a worker of the queue, was alive within a minute.",
        labels=["process"],
    )
    redis_up = GaugeMetricFamily("fara_redis_up", "1 if Redis answers.")
    length = GaugeMetricFamily("fara_queue_tasks", "Tasks that wait.", labels=["queue"])
    oldest = GaugeMetricFamily(
        "fara_queue_oldest_seconds", "Age of the next task.", labels=["queue"]
    )
    try:
        states = queues.load()
        missing = heartbeats.missing([heartbeats.BEAT, *queues.NAMES])
    except (redis.RedisError, OSError):
        redis_up.add_metric([], 0)
        yield redis_up
        return
    redis_up.add_metric([], 1)
    up.add_metric([heartbeats.BEAT], heartbeats.BEAT not in missing)
    for state in states:
        up.add_metric([state.name], state.name not in missing)
        length.add_metric([state.name], state.length)
        oldest.add_metric([state.name], state.oldest_s)
    yield from (redis_up, up, length, oldest)
