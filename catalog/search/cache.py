"""Search cache: version the cached pages.

A change of any card changes the version, so that older cached pages are no longer used.
"""

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
