"""Redis cache: Django's backend with one client per thread.

Django creates a client for each call, and that takes longer than the call: a new client builds the
table of all Redis commands.
"""

from functools import cached_property
from typing import Any

from django.core.cache.backends import redis


class _Client(redis.RedisCacheClient):
    """Reads and writes the first server; all calls use one connection pool."""

    @cached_property
    def _shared(self) -> Any:
        return super().get_client(write=True)

    def get_client(self, key: Any = None, *, write: bool = False) -> Any:  # noqa: ARG002 - as in the base class
        return self._shared


class RedisCache(redis.RedisCache):
    def __init__(self, server: Any, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = _Client
