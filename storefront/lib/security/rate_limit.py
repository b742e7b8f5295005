"""Rate limit: count actions per hour and caller, allow all while Redis is down."""

import hashlib
from datetime import timedelta

from django.core.cache import cache
from redis.exceptions import RedisError

HOUR = timedelta(hours=1)


def is_rate_limited(*, what: str, who: str, per_hour: int) -> bool:
    """Count an action; return whether it exceeds the limit per hour.

    Stores only a digest of ``who``, which may be an address or a key. Allows everything while Redis
    is down.
    """
    digest = hashlib.blake2b(who.encode(), digest_size=12).hexdigest()
    key = f"{what}:{digest}"
    try:
        cache.add(key, 0, timeout=HOUR.total_seconds())
        return cache.incr(key) > per_hour
    except (RedisError, OSError, ValueError):
        return False
