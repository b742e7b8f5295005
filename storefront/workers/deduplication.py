"""Task base: queue a wake-up at most once per 20 s, expire it, pause while Redis hangs or in a copy.

Rows in the database are the truth, and sweeps queue a task for each due row, again and again. With
many rows the queue would fill faster than workers empty it. A wake-up expires after 15 minutes,
much later than it is blocked: if all expired while queued, none would run.

A process that could not reach the broker does not try again for 5 s: a hanging Redis costs a web
thread one timeout, not one per wake-up. The sweeps then do the work.
"""

import logging
import time
from collections.abc import Mapping
from typing import Any

import redis
from celery import Task
from celery.signals import task_prerun
from django.core.cache import cache
from kombu.exceptions import OperationalError

from storefront.identity import live_database

log = logging.getLogger(__name__)

DEDUPLICATE_FOR_S = 20
EXPIRES_AFTER_S = 15 * 60
BROKER_PAUSE_S = 5.0
DEDUPLICATED_TASKS = frozenset(
    {
        "orders.purchasing.tasks.create_purchase_orders",
        "orders.purchasing.tasks.sweep_paid_orders",
        "orders.purchasing.tasks.submit",
        "orders.purchasing.tasks.resolve_submission",
        "orders.cancellation.tasks.process_request",
        "orders.payments.tasks.execute_request",
        "orders.payments.tasks.execute_requests",
        "storefront.sales_channels.publishing.tasks.publish",
        "storefront.sales_channels.drift.tasks.check_store",
        "storefront.webhooks.tasks.process",
        "storefront.events.tasks.deliver",
        "notifications.tasks.fan_out",
        "notifications.tasks.send",
    }
)

# Tasks that also run in a copy of the shop's database: they neither send nor order anything.
ALSO_IN_COPIES = frozenset({"storefront.dashboard.tasks.check_invariants"})


class Broker:
    """Circuit breaker of this process for the broker."""

    def __init__(self) -> None:
        self._away_until = float("-inf")

    def raise_if_down(self) -> None:
        """Raise OperationalError if the broker failed within the last ``BROKER_PAUSE_S``."""
        if time.monotonic() < self._away_until:
            raise OperationalError("the broker did not respond a moment ago")

    def mark_down(self) -> None:
        self._away_until = time.monotonic() + BROKER_PAUSE_S


broker = Broker()


class DeduplicatedTask(Task):  # type: ignore[type-arg]
    """Base class of all tasks; one in ``DEDUPLICATED_TASKS`` is queued once until a worker begins it."""

    abstract = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the task, unless it runs in a worker on a copy of the shop's database.

        A task that is dropped loses nothing: its work is in rows, which a sweep finds.
        """
        if self.request.called_directly:
            return super().__call__(*args, **kwargs)
        database = live_database.cached()
        if not database.is_recorded:
            live_database.record()
        if not database.is_live and self.name not in ALSO_IN_COPIES:
            return None
        return self.run(*args, **kwargs)

    def apply_async(  # type: ignore[override]
        self, args: Any = None, kwargs: dict[str, Any] | None = None, **options: Any
    ) -> Any:
        """Queue the task, unless it is deduplicated. Raises OperationalError: no broker."""
        broker.raise_if_down()
        if self.name not in DEDUPLICATED_TASKS or args or {"countdown", "eta"} & options.keys():
            return self._publish(args, kwargs, **options)
        if not _is_first(self.name, kwargs):
            return None
        if kwargs:  # a sweep has no arguments and must not expire: it queues all others
            options.setdefault("expires", EXPIRES_AFTER_S)
        try:
            return self._publish(args, kwargs, **options)
        except Exception:
            allow_next(task=self, kwargs=kwargs)  # it was not queued: allow the next attempt
            raise

    def _publish(self, args: Any, kwargs: dict[str, Any] | None, **options: Any) -> Any:
        try:
            return super().apply_async(args, kwargs, **options)
        except OperationalError:
            broker.mark_down()
            raise


@task_prerun.connect
def allow_next(task: Any = None, kwargs: Mapping[str, Any] | None = None, **_: Any) -> None:
    """Allow the next wake-up: its caller may know of rows that this worker no longer reads."""
    if task is not None and task.name in DEDUPLICATED_TASKS:
        try:
            cache.delete(_key(task.name, kwargs))
        except Exception:  # noqa: BLE001 - any cache error: the key expires
            log.warning("%s: the cache does not respond", task.name)


def _is_first(name: str, kwargs: Mapping[str, Any] | None) -> bool:
    try:
        return bool(cache.add(_key(name, kwargs), 1, timeout=DEDUPLICATE_FOR_S))
    except (redis.ConnectionError, redis.TimeoutError) as error:
        broker.mark_down()  # broker and cache are the same Redis
        raise OperationalError(str(error)) from error
    except Exception:  # noqa: BLE001 - rather a duplicate than no task
        return True


def _key(name: str, kwargs: Mapping[str, Any] | None) -> str:
    known = ",".join(f"{word}={value}" for word, value in sorted((kwargs or {}).items()))
    return f"hint:{name}:{known}"
