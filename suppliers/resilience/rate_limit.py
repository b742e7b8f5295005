"""Rate limit: limit the calls per second to one supplier across all workers."""

import logging
import os
import threading
import time
from functools import cache

from django.conf import settings
from limits import RateLimitItemPerSecond
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import MovingWindowRateLimiter

from storefront.lib.http import deadlines
from storefront.lib.http.errors import TemporaryError

log = logging.getLogger(__name__)

MAX_WAIT_S = 30.0
MIN_SLEEP_S = 0.002
REDIS_RETRY_AFTER_S = 10.0

_lock = threading.Lock()


class SharedRateLimit:
    """Limits the calls per second to one supplier, counted in Redis.

    While Redis is down, each process limits its own calls.
    """

    def __init__(self, *, name: str, calls_per_second: int) -> None:
        self._name = name
        self._limit = RateLimitItemPerSecond(max(1, calls_per_second))
        self._counters = _counters()

    def __call__(self) -> None:
        """Wait until a call is allowed.

        Raises: TemporaryError  no call allowed within ``MAX_WAIT_S``
        """
        deadline = deadlines.earliest(time.monotonic() + MAX_WAIT_S)
        while (wait_s := self._counters.acquire(self._limit, self._name)) > 0:
            if time.monotonic() > deadline:
                raise TemporaryError(f"{self._name}: rate limit: no call allowed in time")
            time.sleep(wait_s)


class _Counters:
    """The counters in Redis, and those of this process while Redis is down."""

    def __init__(self) -> None:
        self._shared = MovingWindowRateLimiter(
            RedisStorage(
                settings.REDIS_URL,
                wrap_exceptions=True,
                socket_connect_timeout=0.5,
                socket_timeout=0.5,
            )
        )
        self._local = MovingWindowRateLimiter(MemoryStorage())
        self._redis_retry_at = 0.0

    def acquire(self, limit: RateLimitItemPerSecond, name: str) -> float:
        """Count a call and return 0, or return the seconds to wait."""
        if time.monotonic() >= self._redis_retry_at:
            try:
                return self._try_acquire(self._shared, limit, name)
            except StorageError as error:
                log.warning(
                    "Redis is unavailable; each worker process applies the rate limit alone: %s",
                    error,
                )
                self._redis_retry_at = time.monotonic() + REDIS_RETRY_AFTER_S
        return self._try_acquire(self._local, limit, name)

    @staticmethod
    def _try_acquire(
        limiter: MovingWindowRateLimiter, limit: RateLimitItemPerSecond, name: str
    ) -> float:
        if limiter.hit(limit, "pace", name):
            return 0.0
        until = limiter.get_window_stats(limit, "pace", name).reset_time
        return min(1.0, max(MIN_SLEEP_S, until - time.time()))


@cache
def _counters_of(pid: int) -> _Counters:
    del pid  # a forked worker needs its own connection to Redis
    return _Counters()


def _counters() -> _Counters:
    with _lock:
        return _counters_of(os.getpid())
