"""Reconciliation tasks: reconcile each past day with gateways and suppliers.

The sweep runs every half hour, so a day is retried until all counterparties have answered.
"""

import logging
from contextlib import suppress
from typing import Any

from celery import shared_task
from django.utils import timezone

from orders.accounting.reconciliation import reconciliation
from orders.models import ReconciliationRun
from suppliers.resilience.bulkheads import LockedElsewhereError

log = logging.getLogger(__name__)

LIMIT_S = 3600  # counterparties are called one after the other


@shared_task(time_limit=LIMIT_S)
def reconcile_money(**_: Any) -> None:
    """Reconcile the days that are due; a failing day does not stop the others."""
    for day in reconciliation.due_runs(now=timezone.now()):
        try:
            done = reconciliation.reconcile(day=day, clock=timezone.now)
        except LockedElsewhereError:
            log.info("another worker reconciles a day")
            return
        except Exception:
            log.exception("%s: reconciliation failed", day)
            continue
        if done.problem:
            log.warning("%s: not reconciled: %s", done, done.problem)


@shared_task(time_limit=LIMIT_S)
def reconcile_day(*, day_id: int, **_: Any) -> None:
    """Reconcile one day on request of staff."""
    with suppress(LockedElsewhereError, reconciliation.DayNotOverError):
        reconciliation.reconcile(day=ReconciliationRun.objects.get(pk=day_id), clock=timezone.now)
