"""Open the wire to a supplier: his keys, the token pair he lent us, and his pace."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any, cast

from django.conf import settings
from django.db import DatabaseError, OperationalError, connection
from django.utils.module_loading import import_string
from limits import RateLimitItemPerSecond
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import MovingWindowRateLimiter

from storefront.lib.failures import PermanentError, TemporaryError
from storefront.lib.sealing import seal, unseal
from suppliers.adapters import ADAPTERS
from suppliers.adapters.base import SupplierAdapter, TokenRenewal
from suppliers.models import Connection, Supplier

log = logging.getLogger(__name__)

LONGEST_WAIT_S = 30.0
SHORTEST_NAP_S = 0.002
REDIS_IS_ASKED_AGAIN_AFTER_S = 10.0

_one_at_a_time = threading.Lock()


@contextmanager
def adapter_for(supplier: Supplier) -> Iterator[SupplierAdapter]:
    """Open the adapter that speaks this supplier's language, and close it afterwards.

    Raises: PermanentError  the supplier is not connected, or names an unknown adapter
    """
    wire = Connection.objects.filter(supplier=supplier).first()
    if wire is None:
        raise PermanentError(f"{supplier} has no connection", code="not_connected")
    if supplier.adapter not in ADAPTERS:
        raise PermanentError(f"no adapter is called {supplier.adapter!r}", code="not_connected")
    adapter = import_string(ADAPTERS[supplier.adapter])(
        base_url=wire.base_url,
        api_key=str(unseal(wire.secrets_sealed).get("api_key", "")),
        tokens=KeptTokens(wire.pk),
        pace=SharedPace(name=supplier.code, calls_per_second=wire.calls_per_second),
    )
    try:
        yield cast(SupplierAdapter, adapter)
    finally:
        adapter.close()


class KeptTokens:
    """The token pair of one connection, sealed in its row."""

    def __init__(self, connection_id: int) -> None:
        self._connection_id = connection_id

    def load(self) -> dict[str, Any]:
        row = Connection.objects.filter(pk=self._connection_id)
        return unseal(row.values_list("tokens_sealed", flat=True).get())

    def renewed(self, renew: TokenRenewal, *, refused: Mapping[str, Any]) -> dict[str, Any]:
        """Renew under an advisory lock of the session: the call inside it needs no transaction.

        Raises: OutsideError  no new pair can be had now
        """
        with _alone(f"supplier tokens {self._connection_id}"):
            present = self.load()
            if present.get("access") and present["access"] != refused.get("access"):
                return present
            pair = renew(present)
            changes = {"tokens_sealed": seal(pair)}
            if pair.get("open_id"):
                changes["account_id"] = pair["open_id"]
            Connection.objects.filter(pk=self._connection_id).update(**changes)
            return pair


@contextmanager
def _alone(subject: str) -> Iterator[None]:
    with connection.cursor() as cursor:
        try:
            cursor.execute("SELECT pg_advisory_lock(hashtextextended(%s, 1))", [subject])
        except OperationalError as error:
            raise TemporaryError(f"{subject}: somebody else holds them too long") from error
        try:
            yield
        finally:
            # A session that broke has let go of the lock by itself.
            with suppress(DatabaseError):
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 1))", [subject])


class SharedPace:
    """So many calls a second to one supplier, counted over all workers in Redis.

    While Redis is away each process keeps the pace for itself.
    """

    def __init__(self, *, name: str, calls_per_second: int) -> None:
        self._name = name
        self._limit = RateLimitItemPerSecond(max(1, calls_per_second))
        self._counters = _counters()

    def __call__(self) -> None:
        """Wait for our turn.

        Raises: TemporaryError  it did not come
        """
        give_up_at = time.monotonic() + LONGEST_WAIT_S
        while (nap_s := self._counters.wait_s(self._limit, self._name)) > 0:
            if time.monotonic() > give_up_at:
                raise TemporaryError(f"{self._name}: no free call in {LONGEST_WAIT_S:.0f} s")
            time.sleep(nap_s)


class _Counters:
    """The counters in Redis, and those of this process for when Redis is away."""

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
        self._redis_is_away_until = 0.0

    def wait_s(self, limit: RateLimitItemPerSecond, name: str) -> float:
        """Take a call and return 0, or tell how long to sleep before the next try."""
        if time.monotonic() >= self._redis_is_away_until:
            try:
                return self._taken(self._shared, limit, name)
            except StorageError as error:
                log.warning("Redis is away, each worker keeps the pace alone: %s", error)
                self._redis_is_away_until = time.monotonic() + REDIS_IS_ASKED_AGAIN_AFTER_S
        return self._taken(self._local, limit, name)

    @staticmethod
    def _taken(limiter: MovingWindowRateLimiter, limit: RateLimitItemPerSecond, name: str) -> float:
        if limiter.hit(limit, "pace", name):
            return 0.0
        until = limiter.get_window_stats(limit, "pace", name).reset_time
        return min(1.0, max(SHORTEST_NAP_S, until - time.time()))


@cache
def _counters_of(pid: int) -> _Counters:
    del pid  # a forked worker opens its own line to Redis
    return _Counters()


def _counters() -> _Counters:
    with _one_at_a_time:
        return _counters_of(os.getpid())
