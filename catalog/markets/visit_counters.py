"""Visit counters: count visits of a day in Redis, take the counts to store them.

A count names a day and a channel, never a visitor. No page waits for Redis: while it is down, visits
are not counted, and what it loses stays lost.
"""

import logging
import time
from datetime import date
from enum import StrEnum
from functools import cache
from typing import NamedTuple

import redis
from django.conf import settings

log = logging.getLogger(__name__)

STEPS, SEARCHES = "visits:steps", "visits:searches"
MAX_SEARCHES = 1000  # texts that wait to be stored; the rarest are dropped
RETENTION_S = 2 * 86_400  # if nothing takes the counts
PAUSE_S = 5.0  # after an error
TIMEOUT_S = 0.2


class Step(StrEnum):
    """A step on the way to an order; the values are columns of the daily sums."""

    VIEW = "views"
    CART = "carts"
    CHECKOUT = "checkouts"


class Counted(NamedTuple):
    """A number of visits; ``name`` is a step or a search text."""

    day: date
    channel_id: int
    name: str
    visits: int


class Pause:
    """No visit is counted until this time of the monotonic clock, after an error."""

    until = 0.0


def add(step: Step, *, channel_id: int, day: date) -> None:
    """Count one visit, unless Redis is down."""
    pipeline = _client().pipeline(transaction=False)
    pipeline.hincrby(STEPS, f"{day}|{channel_id}|{step}")
    _send(pipeline, STEPS)


def add_search(text: str, *, channel_id: int, day: date) -> None:
    """Count one search without results, unless Redis is down."""
    pipeline = _client().pipeline(transaction=False)
    pipeline.zincrby(SEARCHES, 1, f"{day}|{channel_id}|{text}")
    pipeline.zremrangebyrank(SEARCHES, 0, -MAX_SEARCHES - 1)
    _send(pipeline, SEARCHES)


def take() -> tuple[list[Counted], list[Counted]]:
    """Remove and return the counts of steps and of searches. Raises RedisError."""
    pipeline = _client().pipeline()
    pipeline.hgetall(STEPS)
    pipeline.zrange(SEARCHES, 0, -1, withscores=True)
    pipeline.delete(STEPS, SEARCHES)
    steps, searches, _deleted = pipeline.execute()
    return (
        [_counted(name, count) for name, count in steps.items()],
        [_counted(name, count) for name, count in searches],
    )


def _counted(name: bytes, count: bytes | float) -> Counted:
    day, channel_id, rest = name.decode().split("|", 2)
    return Counted(date.fromisoformat(day), int(channel_id), rest, int(count))


def _send(pipeline: "redis.client.Pipeline", key: str) -> None:
    if time.monotonic() < Pause.until:
        return
    try:
        pipeline.expire(key, RETENTION_S)
        pipeline.execute()
    except (redis.RedisError, OSError) as error:
        Pause.until = time.monotonic() + PAUSE_S
        log.warning("Redis is unavailable; visits are not counted: %s", error)


@cache
def _client() -> redis.Redis:
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_connect_timeout=TIMEOUT_S, socket_timeout=TIMEOUT_S
    )
