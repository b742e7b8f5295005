"""HTTP retries: repeat a call after a temporary error, with exponential backoff and jitter.

A call that is not idempotent is never repeated if its outcome is unknown.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from storefront.lib.http import deadlines
from storefront.lib.http.errors import NotNowError, TemporaryError

log = logging.getLogger(__name__)

TRIES = 4
FIRST_WAIT_S = 0.4
LONGEST_WAIT_S = 20.0
LONGEST_REST_S = 3600.0


def patiently[T](ask: Callable[[], T], *, is_repeatable: bool, tries: int = TRIES) -> T:
    """Call ``ask``, and retry it after temporary errors.

    ``is_repeatable``: the call is a read or has an idempotency key. Any other call is retried only
    if it certainly had no effect. A wait over ``LONGEST_WAIT_S`` or past the deadline is not waited
    for.

    Raises: TemporaryError: the last one, or the first that is not retried. PermanentError: at once.
    """
    for attempt in range(tries - 1):
        try:
            return ask()
        except NotNowError:
            raise
        except TemporaryError as error:
            wait_s = _wait_s(error, attempt)
            is_open = error.may_have_happened and not is_repeatable
            again_at = time.monotonic() + wait_s
            if is_open or wait_s > LONGEST_WAIT_S or deadlines.sooner(again_at) < again_at:
                raise
            log.info("%s, retry in %.1f s", error, wait_s)
            time.sleep(wait_s)
    return ask()


def _wait_s(error: TemporaryError, attempt: int) -> float:
    """Return the wait the service asked for, else exponential backoff; both with jitter."""
    usual_s = FIRST_WAIT_S * 2**attempt
    if error.retry_after_s is not None:
        return error.retry_after_s + random.uniform(0, FIRST_WAIT_S)  # noqa: S311 - no secret
    return random.uniform(usual_s / 2, usual_s)  # noqa: S311


def retry_after_s(headers: Mapping[str, str], *, now: datetime | None = None) -> float | None:
    """Parse a Retry-After header, in seconds or as a date; None if missing or malformed.

    The result is capped at ``LONGEST_REST_S``.
    """
    said = headers.get("retry-after", "").strip()
    if not said:
        return None
    if said.isascii() and said.isdigit():
        return min(float(said), LONGEST_REST_S)
    try:
        moment = parsedate_to_datetime(said)
    except (ValueError, TypeError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    # The date is absolute, so it needs the real current time unless ``now`` is given.
    now_s = now.timestamp() if now else time.time()
    left = moment.timestamp() - now_s
    return min(max(left, 0.0), LONGEST_REST_S)
