"""Heartbeats: record in the cache that beat and a worker of each queue are alive."""

import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from celery.signals import beat_init, before_task_publish, heartbeat_sent
from django.core.cache import cache
from redis.exceptions import RedisError

BEAT = "beat"
RECORD_INTERVAL_S = 10.0
ALIVE_FOR_S = 60

_recorded_at: dict[str, float] = {}


@heartbeat_sent.connect
def record_worker(sender: Any = None, **_: Any) -> None:
    """Record a heartbeat for each queue of this worker, whose main process calls this every 2 s."""
    queues = sender.eventer.app.amqp.queues.consume_from
    for queue in queues:
        _record(queue)


@beat_init.connect
def watch_beat(**_: Any) -> None:
    """Make beat, and no other process, record a heartbeat when it queues a task."""
    before_task_publish.connect(record_beat)


def record_beat(**_: Any) -> None:
    _record(BEAT)


def missing(names: Iterable[str]) -> list[str]:
    """Return which of beat and the queues were silent for a minute. Raises RedisError."""
    wanted = list(names)
    known = cache.get_many([_key(name) for name in wanted])
    return [name for name in wanted if _key(name) not in known]


def _record(name: str) -> None:
    now = time.monotonic()
    if now - _recorded_at.get(name, -RECORD_INTERVAL_S) < RECORD_INTERVAL_S:
        return
    _recorded_at[name] = now
    with suppress(RedisError, OSError):
        cache.set(_key(name), 1, ALIVE_FOR_S)


def _key(name: str) -> str:
    return f"alive:{name}"
