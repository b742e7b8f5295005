"""Beat catch-up: start the sweeps that beat would start in the time that a moved clock skips.

Beat runs in real time: if half an hour passes in ten seconds, it would start a sweep once that
normally runs thirty times. While the queue is not empty, no sweep is added.
"""

from __future__ import annotations

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
from orders.cancellation.tasks import settle_cancellations
from orders.checkout.tasks import expire_unpaid
from orders.claims.tasks import speak_of_claims
from orders.payments.tasks import ask_gateways, settle_payments
from orders.purchasing.tasks import divide_paid, lift_holds, resolve_unknown, send_due
from shipping.rerouting.tasks import reroute_due
from shipping.tasks import poll_open_orders
from storefront.webhooks.tasks import handle_waiting
from suppliers.sync.tasks import close_dead_runs

PAUSE_S = 1.0  # between two starts of one sweep, in real time
QUEUE = "celery"
SWEEPS: Mapping[str, tuple[Task[[], object], ...]] = {
    "paid orders without purchase orders": (divide_paid,),
    "purchase orders not submitted": (send_due, resolve_unknown, settle_cancellations),
    "purchase orders on hold": (lift_holds,),
    "open payment requests": (settle_payments,),
    "authorized payments at the gateway": (ask_gateways, expire_unpaid),
    "open backorders": (reroute_due,),
    "orders with unread supplier status": (poll_open_orders,),
    "claims not submitted": (speak_of_claims,),
    "events": (fan_out_waiting,),
    "notifications to send": (send_messages,),
    "webhooks": (handle_waiting,),
    # Work that the drain does not wait for, but that a moved clock may make overdue. Sweeps for
    # most other work are listed above.
    "overdue I7.passed_on": (fan_out_waiting,),
    "overdue I7.sent": (send_messages,),
    "overdue I7.understood": (handle_waiting,),
    "overdue I7.given_back": (expire_unpaid,),
    "overdue I7.orders_move": (expire_unpaid, divide_paid),
    "overdue I7.money_moves": (settle_payments,),
    "overdue I7.runs_end": (close_dead_runs,),
    "overdue I7.setbacks_end": (reroute_due,),
}


@dataclass(slots=True)
class Skipper:
    """Starts sweeps, each at most once per ``PAUSE_S``."""

    _asked_at: dict[str, float] = field(default_factory=dict)

    def ask(self, left: Iterable[str]) -> bool:
        """Start the sweeps for the open work, as ``observations.inside`` names it.

        Returns False if the workers are busy.
        """
        with suppress(redis.RedisError, OperationalError):  # not restarted yet
            if _is_any_waiting():
                return False
            for words in left:
                for sweep in SWEEPS.get(words.partition(" ")[2], ()):
                    self._ask(sweep)
            return True
        return False

    def _ask(self, sweep: Task[[], object]) -> None:
        now = time.monotonic()
        if now < self._asked_at.get(sweep.name, float("-inf")) + PAUSE_S:
            return
        self._asked_at[sweep.name] = now
        sweep.delay()


def _is_any_waiting() -> bool:
    with redis.Redis.from_url(settings.REDIS_URL) as store:
        return bool(store.llen(QUEUE))
