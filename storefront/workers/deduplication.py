"""Task deduplication: queue a wake-up task at most once per 20 s, expire it after 15 min.

The tables hold the truth, and sweeps wake a worker for each waiting row, again and again. With many
rows the queue would fill with finished work faster than workers empty it, and hide what is due.
A wake-up expires only much later than it is blocked: were all to expire while they wait, none
would ever run.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from celery import Task
from celery.signals import task_prerun
from django.core.cache import cache

log = logging.getLogger(__name__)

GIVEN_ONCE_FOR_S = 20
LIVES_S = 15 * 60
HINTS = frozenset(
    {
        "orders.purchasing.tasks.divide",
        "orders.purchasing.tasks.divide_paid",
        "orders.purchasing.tasks.send",
        "orders.purchasing.tasks.resolve",
        "orders.cancellation.tasks.pursue_cancellation",
        "orders.payments.tasks.settle",
        "orders.payments.tasks.settle_payments",
        "storefront.webhooks.tasks.handle",
        "notifications.tasks.fan_out",
        "notifications.tasks.send",
    }
)


class Hinting(Task):  # type: ignore[type-arg]
    """A task of ours: one that is a hint is given once until somebody begins with it."""

    abstract = True

    def apply_async(  # type: ignore[override]
        self, args: Any = None, kwargs: dict[str, Any] | None = None, **options: Any
    ) -> Any:
        """Publish it, if it is no hint that lies in the queue already."""
        if self.name not in HINTS or args or {"countdown", "eta"} & options.keys():
            return super().apply_async(args, kwargs, **options)
        if not _is_first(self.name, kwargs):
            return None
        if kwargs:  # a sweep, which has none, does not end: it gives all others
            options.setdefault("expires", LIVES_S)
        try:
            return super().apply_async(args, kwargs, **options)
        except Exception:
            begin(task=self, kwargs=kwargs)  # it does not lie there: who tries again may give it
            raise


@task_prerun.connect
def begin(task: Any = None, kwargs: Mapping[str, Any] | None = None, **_: Any) -> None:
    """Let the next hint through: who gives it may know what this worker does not see any more."""
    if task is not None and task.name in HINTS:
        try:
            cache.delete(_key(task.name, kwargs))
        except Exception:  # noqa: BLE001 - whatever the cache is: its key ends by itself
            log.warning("%s: the cache is away", task.name)


def _is_first(name: str, kwargs: Mapping[str, Any] | None) -> bool:
    try:
        return bool(cache.add(_key(name, kwargs), 1, timeout=GIVEN_ONCE_FOR_S))
    except Exception:  # noqa: BLE001 - without it, a hint too many is better than none
        return True


def _key(name: str, kwargs: Mapping[str, Any] | None) -> str:
    known = ",".join(f"{word}={value}" for word, value in sorted((kwargs or {}).items()))
    return f"hint:{name}:{known}"
