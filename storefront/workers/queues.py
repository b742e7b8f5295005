"""Task queues: stamp each task when it is queued, count tasks, find the age of the oldest one."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import redis
from celery.signals import before_task_publish
from django.conf import settings

QUEUED_AT: Final = "queued_at"  # header of a task: seconds since 1970
NAMES: Final = sorted(
    {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()} | {"celery"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueState:
    """Tasks that wait in one queue; ``oldest_s`` is the age of the next one, 0 if none waits."""

    name: str
    length: int
    oldest_s: float


@before_task_publish.connect
def stamp(headers: dict[str, Any] | None = None, **_: Any) -> None:
    if headers is not None:
        headers[QUEUED_AT] = time.time()


def load() -> Sequence[QueueState]:
    """Return the state of each queue, from one round trip. Raises RedisError."""
    pipeline = _broker().pipeline(transaction=False)
    for name in NAMES:
        pipeline.llen(name)
        pipeline.lindex(name, -1)  # workers take from this end
    answers = pipeline.execute()
    return [
        QueueState(name=name, length=length, oldest_s=_age(message))
        for name, length, message in zip(NAMES, answers[::2], answers[1::2], strict=True)
    ]


def _age(message: bytes | None) -> float:
    if message is None:
        return 0.0
    try:
        queued_at = float(json.loads(message)["headers"][QUEUED_AT])
    except (ValueError, LookupError, TypeError):  # queued by an older release
        return 0.0
    return max(time.time() - queued_at, 0.0)


@cache
def _broker() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=0.5, socket_timeout=0.5)
