"""A mark that changes whenever what shoppers see has changed: pages kept before it are void."""

from __future__ import annotations

import logging
import time

from django.core.cache import cache
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

GENERATION_KEY = "catalog:generation"


def advance() -> None:
    """Make every kept page void; without Redis there are none."""
    try:
        cache.set(GENERATION_KEY, time.time_ns(), timeout=None)
    except (RedisError, OSError):
        log.warning("the catalog changed while Redis was away; kept pages end by their age")
