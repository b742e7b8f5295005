"""Tracking provider registry: open the configured provider, gate its calls.

Without a key no provider is configured, and parcels have only the events of their suppliers.
"""

import logging

from django.conf import settings

from shipping.trackers.base import Tracker
from shipping.trackers.seventeen_track.client import CODE, SeventeenTrack
from storefront.lib.http.observers import Call, Outcome
from suppliers.resilience.circuit_breaker import SharedCircuitBreaker
from suppliers.resilience.rate_limit import SharedRateLimit

log = logging.getLogger(__name__)

CALLS_PER_SECOND = 3  # limit of the provider
_trackers: dict[tuple[str, str], Tracker] = {}  # kept for the process, with their connections


class ProviderGate:
    """Admits calls past the circuit breaker and the rate limit that all processes share."""

    def __init__(self, code: str, *, calls_per_second: int = CALLS_PER_SECOND) -> None:
        self._code = code
        self._breaker = SharedCircuitBreaker(gateway=code)
        self._rate_limit = SharedRateLimit(name=code, calls_per_second=calls_per_second)

    def enter(self, call: Call) -> None:
        """Admit a call.

        Raises: CircuitBreakerOpenError, TemporaryError: nothing was sent
        """
        self._breaker.enter(call, is_for_order=False)
        try:
            self._rate_limit()
        except BaseException:
            self._breaker.forget(call)
            raise

    def heartbeat(self, call: Call) -> None:
        self._breaker.heartbeat(call)

    def leave(self, call: Call, outcome: Outcome) -> None:
        self._breaker.leave(call, outcome)
        log.info("%s: %s %s in %.0f ms", self._code, call, outcome.summary, outcome.milliseconds)


def configured_tracker() -> Tracker | None:
    """Return the provider, opened once per process and settings; None if none is configured."""
    url, keys = settings.SEVENTEEN_TRACK_URL, settings.SEVENTEEN_TRACK_KEY
    if not keys.strip():
        return None
    if (url, keys) not in _trackers:
        _trackers[url, keys] = SeventeenTrack(
            base_url=url, keys=keys.split(), gate=ProviderGate(CODE)
        )
    return _trackers[url, keys]


def close_all() -> None:
    """Close all providers; the next call opens them again."""
    while _trackers:
        _trackers.popitem()[1].close()
