"""Following parcels: register due parcels and poll registered ones, within the provider's budget."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from shipping.models import TrackingRegistration
from shipping.trackers import provider_state, registrations, updates
from shipping.trackers.base import Tracker
from storefront.lib.http.errors import CallDeferredError, ExternalServiceError

log = logging.getLogger(__name__)

MAX_CALLS_PER_RUN = 5  # of each kind; the rest follows in the next run
RETRY_AFTER = timedelta(minutes=5)
BUDGET_USED_UP = "The call budget of the day (TRACKING_CALLS_PER_DAY) is used up."

type Work = Callable[[Tracker, Sequence[TrackingRegistration], datetime], str]


def run(tracker: Tracker, *, clock: Callable[[], datetime]) -> None:
    """Register what is missing, then poll what is due.

    After the first failure the run ends: its rows are due again later, and the provider's row says
    why.
    """
    registrations.refresh(now=clock())
    for is_registered, work in ((False, _register), (True, _poll)):
        for _ in range(MAX_CALLS_PER_RUN):
            now = clock()
            rows = registrations.claim(
                limit=tracker.max_batch, is_registered=is_registered, now=now
            )
            if not rows:
                break
            if not _call(tracker, rows, work, now):
                return


def _call(
    tracker: Tracker, rows: Sequence[TrackingRegistration], work: Work, now: datetime
) -> bool:
    """Make one call for these rows; return whether the run may go on."""
    if not provider_state.spend_call(tracker.code, now=now):
        registrations.release(rows, until=now + RETRY_AFTER)
        provider_state.record_failure(tracker.code, BUDGET_USED_UP, now=now)
        return False
    try:
        problem = work(tracker, rows, now)
    except ExternalServiceError as error:
        log.warning("%s: %s", tracker.code, error)
        until = error.until if isinstance(error, CallDeferredError) else None
        registrations.release(rows, until=until or now + RETRY_AFTER)
        provider_state.record_failure(tracker.code, error, now=now)
        return False
    if problem:
        provider_state.record_failure(tracker.code, problem, now=now)
        return False
    provider_state.record_answer(tracker.code, now=now)
    return True


def _register(tracker: Tracker, rows: Sequence[TrackingRegistration], now: datetime) -> str:
    results = tracker.register(registrations.numbers_of(rows))
    return registrations.save_results(rows, results, now=now)


def _poll(tracker: Tracker, rows: Sequence[TrackingRegistration], now: datetime) -> str:
    """Poll these rows. A report that cannot be applied does not stop the others."""
    asked = {row.number for row in rows}
    for report in tracker.read(registrations.numbers_of(rows)):
        if report.number not in asked:
            log.warning("%s: a report on a number that was not asked for", tracker.code)
            continue
        try:
            if report.is_registered:
                updates.apply_report(report, is_poll=True, now=now)
            else:
                updates.register_again(report, now=now)
        except Exception:
            log.exception("%s: the report on %s cannot be applied", tracker.code, report.number)
    # Also parcels that share a number with the one that the report is about.
    for row in registrations.still_claimed(rows, claimed_at=now):
        updates.record_quiet_poll(row, now=now)
    return ""
