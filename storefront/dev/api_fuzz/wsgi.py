"""Fuzzed application: serve the shop without rate limits, which would refuse most requests."""

from storefront.wsgi import application, before_fork  # isort: skip  # loads Django first
from storefront.api.core import throttles

__all__ = ["application", "before_fork"]

UNLIMITED = 1_000_000_000
for throttle in (throttles.ReadThrottle, throttles.ChangeThrottle, throttles.BatchThrottle):
    throttle.rate = f"{UNLIMITED}/min"
throttles.ClientThrottle.reads_per_window = UNLIMITED
throttles.ClientThrottle.changes_per_window = UNLIMITED
