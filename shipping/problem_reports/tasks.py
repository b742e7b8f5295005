"""Problem report tasks: end reports that need no decision any more, delete pictures without a row."""

import logging
from contextlib import suppress
from typing import Any

from celery import shared_task
from django.utils import timezone

from orders.returns import photos
from shipping.problem_reports import endings
from shipping.problem_reports.reports import PHOTOS
from storefront.lib.state_machine import ConcurrentUpdateError, InvalidTransitionError

log = logging.getLogger(__name__)
BATCH_SIZE = 200


@shared_task
def end_reports(**_: Any) -> None:
    """End reports that need no decision any more; a failure does not stop the others."""
    now = timezone.now()
    for found, end in (
        (endings.find_arrived(), endings.end_arrived),
        (endings.find_settled(), endings.end_settled),
        (endings.find_unanswered(now=now), endings.end_unanswered),
    ):
        for report in found.select_related("parcel__shipment").order_by("pk")[:BATCH_SIZE]:
            try:
                with suppress(InvalidTransitionError, ConcurrentUpdateError):
                    end(report=report, now=now)
            except Exception:  # the others must not wait
                log.exception("cannot end problem report %s", report.pk)


@shared_task
def delete_orphaned_photos(**_: Any) -> None:
    """Delete picture files without a row."""
    if count := photos.delete_orphans(now=timezone.now(), table=PHOTOS):
        log.info("deleted %s photos that belong to no problem report", count)
