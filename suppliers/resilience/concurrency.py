"""Concurrency limit: cap the concurrent calls to one supplier, reserve some slots for orders.

The cap holds over all workers. A call holds a lease in Redis; the lease of a killed worker expires.
"""

import logging
import os
import random
import threading
import time
import uuid
from collections import defaultdict
from functools import cache

import redis
from django.conf import settings

from storefront.lib.http import deadlines
from storefront.lib.http.errors import TemporaryError

log = logging.getLogger(__name__)

MAX_WAIT_S = 30.0
# Well below orders.purchasing.retries.SUBMISSION_TIMEOUT, after which an order is unconfirmed.
MAX_ORDER_WAIT_S = 10.0
POLL_S = 0.05
REDIS_RETRY_AFTER_S = 10.0
RESERVED_SHARE = 4  # one slot in four is reserved for orders

# By the clock of Redis. Leases are a sorted set by expiry.
ACQUIRE = """
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[1]) then return 0 end
redis.call('ZADD', KEYS[1], now + tonumber(ARGV[2]), ARGV[3])
local ttl = math.ceil(tonumber(ARGV[2])) + 1
if redis.call('TTL', KEYS[1]) < ttl then redis.call('EXPIRE', KEYS[1], ttl) end
return 1
"""
# No limit: a holder may renew its lease even after it expired.
UNLIMITED = 1_000_000

_lock = threading.Lock()


class SharedSemaphore:
    """The slots of one supplier; while Redis is down, each process counts its own calls."""

    def __init__(self, *, name: str, max_concurrent: int) -> None:
        self._key = f"slots:{name}"
        self._max_concurrent = max(1, max_concurrent)
        self._reserved = (
            max(1, self._max_concurrent // RESERVED_SHARE) if self._max_concurrent > 1 else 0
        )
        self._leases = _leases()

    def take(self, *, lease_s: float, is_for_order: bool) -> str:
        """Wait for a free slot; return its name for ``release``.

        Raises: TemporaryError  no slot became free in time
        """
        max_leases = self._max_concurrent if is_for_order else self._max_concurrent - self._reserved
        name = uuid.uuid4().hex
        wait_s = MAX_ORDER_WAIT_S if is_for_order else MAX_WAIT_S
        deadline = deadlines.earliest(time.monotonic() + wait_s)
        while not self._leases.take(self._key, name, max_leases=max_leases, lease_s=lease_s):
            if time.monotonic() > deadline:
                raise TemporaryError(f"{self._key}: none free in time")
            time.sleep(random.uniform(POLL_S / 2, POLL_S))  # noqa: S311 - jitter
        return name

    def renew(self, name: str, *, lease_s: float) -> None:
        self._leases.take(self._key, name, max_leases=UNLIMITED, lease_s=lease_s)

    def release(self, name: str) -> None:
        self._leases.release(self._key, name)


class _Leases:
    """The leases in Redis, and those of this process while Redis is down."""

    def __init__(self) -> None:
        self._redis: redis.Redis = redis.Redis.from_url(
            settings.REDIS_URL, socket_connect_timeout=0.5, socket_timeout=0.5
        )
        self._take = self._redis.register_script(ACQUIRE)
        self._redis_retry_at = 0.0
        self._lock = threading.Lock()
        self._own: dict[str, dict[str, float]] = defaultdict(dict)

    def take(self, key: str, name: str, *, max_leases: int, lease_s: float) -> bool:
        if time.monotonic() >= self._redis_retry_at:
            try:
                return bool(self._take(keys=[key], args=[max_leases, lease_s, name]))
            except redis.RedisError as error:
                self._use_own_leases(error)
        with self._lock:
            now = time.monotonic()
            live = {lease: until for lease, until in self._own[key].items() if until > now}
            is_free = len(live) < max_leases
            self._own[key] = {**live, name: now + lease_s} if is_free else live
            return is_free

    def release(self, key: str, name: str) -> None:
        with self._lock:
            is_own = self._own[key].pop(name, None) is not None
        if is_own and time.monotonic() < self._redis_retry_at:
            return
        try:
            self._redis.zrem(key, name)
        except redis.RedisError as error:
            self._use_own_leases(error)  # the lease expires

    def _use_own_leases(self, error: redis.RedisError) -> None:
        log.warning("Redis is unavailable; each worker counts its calls alone: %s", error)
        self._redis_retry_at = time.monotonic() + REDIS_RETRY_AFTER_S


@cache
def _leases_of(pid: int) -> _Leases:
    del pid  # a forked worker needs its own connection to Redis
    return _Leases()


def _leases() -> _Leases:
    with _lock:
        return _leases_of(os.getpid())
