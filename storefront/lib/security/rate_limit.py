"""Rate limit: count the actions of a caller, allow all while Redis is down."""

import hashlib
from datetime import timedelta

from django.core.cache import cache
from redis.exceptions import RedisError

HOUR = timedelta(hours=1)


def is_rate_limited(*, what: str, who: str, per_hour: int) -> bool:
    return is_over_limit(what=what, who=who, limit=per_hour, window=HOUR)


def is_over_limit(*, what: str, who: str, limit: int, window: timedelta) -> bool:
    """Count an action; return whether it exceeds the limit in a window, which the first one opens.

    Stores only a digest of ``who``, which may be an address or a key. Allows everything while Redis
    is down.
    """
    digest = hashlib.blake2b(who.encode(), digest_size=12).hexdigest()
    key = f"{what}:{digest}"
    try:
        cache.add(key, 0, timeout=window.total_seconds())
        return cache.incr(key) > limit
    except (RedisError, OSError, ValueError):
        return False
