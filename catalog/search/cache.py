"""Page cache version: invalidate cached pages when a card changes."""

import logging
import time

from django.core.cache import cache
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

VERSION_KEY = "catalog:generation"


def bump_version() -> None:
    """Invalidate all cached pages; without Redis there are none."""
    try:
        cache.set(VERSION_KEY, time.time_ns(), timeout=None)
    except (RedisError, OSError):
        log.warning("the catalog changed while Redis was unavailable; cached pages expire by age")
