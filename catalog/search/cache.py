"""Search cache: version the cached pages, cache the counts of broad searches.

A change of any card changes the version, so that older cached pages are no longer used. Whole
categories are counted ahead (``facet_counts``). The counts of a search are cached only if it
matches more than ``BROAD_SEARCH`` cards: counting them takes long, and they rarely change. The
first such search stores them for ``TTL_S`` seconds.
"""

import logging
import time
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from django.core.cache import cache
from redis.exceptions import RedisError

from catalog.models import Category, Channel
from catalog.search.query_parser import Term

log = logging.getLogger(__name__)

VERSION_KEY = "catalog:generation"


def bump_version() -> None:
    """Invalidate all cached pages; without Redis there are none."""
    try:
        cache.set(VERSION_KEY, time.time_ns(), timeout=None)
    except (RedisError, OSError):
        log.warning("the catalog changed while Redis was unavailable; cached pages expire by age")


# Counts of broad searches

# At most this many best-scored matches are ranked by relevance; customers do not open fifty pages
# of a search.
BROAD_SEARCH = 1_200
TTL_S = 600


def get_counts(
    *, channel: Channel, category: Category | None, country: str, terms: Sequence[Term]
) -> Sequence[Any] | None:
    """Return the cached counts of a search, None if there are none."""
    try:
        numbers: Sequence[Any] | None = cache.get(_key(channel, category, country, terms))
    except (RedisError, OSError):
        return None  # counted again
    return numbers


def set_counts(
    numbers: Sequence[Any],
    *,
    channel: Channel,
    category: Category | None,
    country: str,
    terms: Sequence[Term],
) -> None:
    """Cache the counts of a broad search; the first count is its total."""
    if numbers[0] <= BROAD_SEARCH:
        return
    try:
        cache.set(_key(channel, category, country, terms), numbers, timeout=TTL_S)
    except (RedisError, OSError):
        log.warning("a search is counted each time: Redis is unavailable")


def _key(channel: Channel, category: Category | None, country: str, terms: Sequence[Term]) -> str:
    term_texts = repr([term.word for term in terms])
    name = sha256(term_texts.encode()).hexdigest()[:32]
    return f"catalog:wide:{channel.pk}:{category.pk if category else 0}:{country}:{name}"
