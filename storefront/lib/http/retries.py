"""Retries: repeat a call after a temporary error, read Retry-After.

A call that is not idempotent is never repeated if its outcome is unknown.
"""

import logging
import random
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from storefront.lib.http import deadlines
from storefront.lib.http.errors import CallDeferredError, TemporaryError

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 4
BASE_DELAY_S = 0.4
MAX_DELAY_S = 20.0
MAX_RETRY_AFTER_S = 3600.0


def retry[T](ask: Callable[[], T], *, is_idempotent: bool, tries: int = MAX_ATTEMPTS) -> T:
    """Call ``ask``, and retry it after temporary errors.

    ``is_idempotent``: the call is a read or has an idempotency key. Any other call is retried only
    if it certainly had no effect. If the wait would exceed ``MAX_DELAY_S`` or the deadline, the
    error is raised at once.

    Raises: TemporaryError: the last one, or the first that is not retried. PermanentError: at once.
    """
    for attempt in range(tries - 1):
        try:
            return ask()
        except CallDeferredError:
            raise
        except TemporaryError as error:
            wait_s = _wait_s(error, attempt)
            is_unsafe = error.is_outcome_unknown and not is_idempotent
            again_at = time.monotonic() + wait_s
            if is_unsafe or wait_s > MAX_DELAY_S or deadlines.earliest(again_at) < again_at:
                raise
            log.info("%s, retry in %.1f s", error, wait_s)
            time.sleep(wait_s)
    return ask()


def _wait_s(error: TemporaryError, attempt: int) -> float:
    """Return the wait the service asked for, else exponential backoff; both with jitter."""
    usual_s = BASE_DELAY_S * 2**attempt
    if error.retry_after_s is not None:
        return error.retry_after_s + random.uniform(0, BASE_DELAY_S)  # noqa: S311 - no secret
    return random.uniform(usual_s / 2, usual_s)  # noqa: S311


def retry_after_s(headers: Mapping[str, str], *, now: datetime | None = None) -> float | None:
    """Parse Retry-After, at most ``MAX_RETRY_AFTER_S``; None if missing or malformed."""
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    if value.isascii() and value.isdigit():
        return min(float(value), MAX_RETRY_AFTER_S)
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    # The date is absolute, so it needs the real current time unless ``now`` is given.
    now_s = now.timestamp() if now else time.time()
    remaining_s = moment.timestamp() - now_s
    return min(max(remaining_s, 0.0), MAX_RETRY_AFTER_S)
