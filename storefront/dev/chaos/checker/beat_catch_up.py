"""Beat catch-up: start the sweeps that beat would start in the time that a moved clock skips.

Beat runs in real time: if half an hour passes in ten seconds, it would start a sweep once that
normally runs thirty times. While the queue is not empty, no sweep is added.
"""

import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

import redis
from celery import Task
from django.conf import settings
from kombu.exceptions import OperationalError

from notifications.tasks import fan_out_waiting
from notifications.tasks import send_due as send_messages
from orders.cancellation.tasks import sweep_cancellations
from orders.checkout.tasks import expire_unpaid
from orders.claims.tasks import sweep_claims
from orders.payments.tasks import execute_requests, poll_gateways
from orders.purchasing.tasks import (
    release_resolved_holds,
    sweep_due_submissions,
    sweep_paid_orders,
    sweep_unknown_submissions,
)
from shipping.rerouting.tasks import reroute_due
from shipping.return_labels.tasks import process_labels
from shipping.tasks import poll_open_orders
from storefront.events.tasks import publish as publish_events
from storefront.sales_channels.orders.tasks import poll_stores
from storefront.sales_channels.orders.tasks import process_due as process_store_orders
from storefront.sales_channels.publishing.tasks import publish_due as publish_listings
from storefront.webhooks.tasks import process_due
from suppliers.sync.tasks import close_expired_runs

PAUSE_S = 1.0  # between two starts of one sweep, in real time
QUEUE = "celery"
SWEEPS: Mapping[str, tuple[Task[[], object], ...]] = {
    "paid orders without purchase orders": (sweep_paid_orders,),
    "purchase orders not submitted": (
        sweep_due_submissions,
        sweep_unknown_submissions,
        sweep_cancellations,
    ),
    "purchase orders on hold": (release_resolved_holds,),
    "open payment requests": (execute_requests,),
    "authorized payments at the gateway": (poll_gateways, expire_unpaid),
    "open backorders": (reroute_due,),
    "orders with unread supplier status": (poll_open_orders,),
    "store orders to decide": (poll_stores, process_store_orders),
    "orders to cancel in stores": (process_store_orders,),
    "parcels to report to stores": (process_store_orders,),
    "listings to send to stores": (publish_listings,),
    "changes of stores": (publish_listings,),
    "events to publish": (publish_events,),
    "events to deliver": (publish_events,),
    "return labels to buy": (process_labels,),
    "claims not submitted": (sweep_claims,),
    "events": (fan_out_waiting,),
    "notifications to send": (send_messages,),
    "webhooks": (process_due,),
    # Work that the drain does not wait for, but that a moved clock may make overdue. Sweeps for
    # most other work are listed above.
    "overdue messaging.events_fanned_out": (fan_out_waiting,),
    "overdue messaging.messages_sent": (send_messages,),
    "overdue messaging.webhooks_processed": (process_due,),
    "overdue messaging.reservations_expire": (expire_unpaid,),
    "overdue messaging.orders_progress": (expire_unpaid, sweep_paid_orders),
    "overdue messaging.payment_requests_answered": (execute_requests,),
    "overdue messaging.sync_runs_end": (close_expired_runs,),
    "overdue purchase_orders.backorders_end": (reroute_due,),
}


@dataclass(slots=True)
class SweepStarter:
    """Starts sweeps, each at most once per ``PAUSE_S``."""

    _started_at: dict[str, float] = field(default_factory=dict)

    def start_sweeps(self, open_work: Iterable[str]) -> bool:
        """Start the sweeps for the open work, as ``observations.inside`` names it.

        Returns False if the workers are busy.
        """
        with suppress(redis.RedisError, OperationalError):  # Redis is not restarted yet
            if _is_any_queued():
                return False
            for words in open_work:
                for sweep in SWEEPS.get(words.partition(" ")[2], ()):
                    self._start_sweep(sweep)
            return True
        return False

    def _start_sweep(self, sweep: Task[[], object]) -> None:
        now = time.monotonic()
        if now < self._started_at.get(sweep.name, float("-inf")) + PAUSE_S:
            return
        self._started_at[sweep.name] = now
        sweep.delay()


def _is_any_queued() -> bool:
    with redis.Redis.from_url(settings.REDIS_URL) as store:
        return bool(store.llen(QUEUE))
