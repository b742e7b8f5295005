"""Have the day's money compared when it is over, by a worker who may be killed in the middle."""

from __future__ import annotations

import time

from django.db import Error, connection
from django.utils import timezone

from orders.auditing import days
from orders.models import MoneyDay, MoneyDifference
from orders.money_tasks import reconcile_money
from storefront.chaos import ending
from storefront.chaos.staging import Instance

A_DAY_S = 28 * 3600.0
LOOKS_EVERY_S = 0.5


def audit(place: Instance, *, at_most_s: float) -> list[str]:
    """Return what is wrong with the day: it is not reconciled, or something differs."""
    today = days.day_of(timezone.localdate(), now=timezone.now())
    place.set_clock(A_DAY_S)
    ending.rest(place, LOOKS_EVERY_S)  # until everybody has looked at the clock
    reconcile_money.delay()
    give_up_at = time.monotonic() + at_most_s
    while time.monotonic() < give_up_at:
        try:
            today.refresh_from_db()
        except Error:
            connection.close()
        if today.status == MoneyDay.Status.RECONCILED:
            break
        ending.rest(place, LOOKS_EVERY_S)
    else:
        return [f"the day is {today.status}: {today.problem or 'nobody finished it'}"]
    return [
        f"{one.part}: {one}"
        for one in MoneyDifference.objects.filter(status=MoneyDifference.Status.OPEN)
    ]
