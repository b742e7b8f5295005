"""Daily reconciliation: let workers reconcile each day of the run, report differences.

Workers may be killed meanwhile.
"""

import time
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from django.db import Error, connection
from django.utils import timezone

from orders.accounting.reconciliation import reconciliation
from orders.accounting.reconciliation.tasks import reconcile_money
from orders.models import Discrepancy, ReconciliationRun
from storefront.dev.chaos.instance import stop
from storefront.dev.chaos.instance.instance import Instance
from storefront.dev.chaos.observations import outside

NEXT_DAY_SHIFT_S = 28 * 3600.0  # of the clock, so that the days of the run are over
# A poll of a supplier that allows one call a second takes half a minute, and a day that failed eight
# times is retried after hours.
RETRY_INTERVAL_S = 8.0
POLL_INTERVAL_S = 0.25  # workers read the clock a little more often


def audit_days(place: Instance, *, at_most_s: float) -> list[str]:
    """Return the problems: days that are not reconciled, or open differences.

    Shape:  ``at_most_s`` is for each day
    Raises: StopRequestedError
    """
    paid_at = [one.created_at for one in outside.gateway_payments(place.var)]
    if not paid_at:
        return ["no payments: there is no day to reconcile"]
    made = [reconciliation.run_of(each, now=timezone.now()) for each in days_of(paid_at)]
    place.set_clock(NEXT_DAY_SHIFT_S)
    stop.sleep(place, POLL_INTERVAL_S)  # until every process has read the clock
    reconcile_money.delay()
    problems = [words for day in made if (words := _problem(place, day, at_most_s=at_most_s))]
    if problems:
        return problems
    return [
        f"{one.part}: {one}" for one in Discrepancy.objects.filter(status=Discrepancy.Status.OPEN)
    ]


def days_of(moments: Sequence[float]) -> list[date]:
    """Return the shop's days from the first moment to the last: a run may pass midnight."""
    first, last = (
        timezone.localdate(datetime.fromtimestamp(each, UTC))
        for each in (min(moments), max(moments))
    )
    return [first + timedelta(days=more) for more in range((last - first).days + 1)]


def _problem(place: Instance, day: ReconciliationRun, *, at_most_s: float) -> str:
    """Wait until a day is reconciled; return why it is not."""
    deadline = time.monotonic() + at_most_s
    while time.monotonic() < deadline:
        try:
            day.refresh_from_db()
        except Error:
            connection.close()
        if day.status == ReconciliationRun.Status.RECONCILED:
            return ""
        if (
            day.status == ReconciliationRun.Status.OPEN and day.problem
        ):  # a supplier had open orders
            reconcile_money.delay()  # the sweep does so half an hour later
            stop.sleep(place, RETRY_INTERVAL_S)
        stop.sleep(place, POLL_INTERVAL_S)
    return f"{day.day} is {day.status}: {day.problem or 'not finished'}"
