"""Privacy tasks: apply the retention periods each night."""

import logging
from typing import Any

from celery import shared_task
from django.utils import timezone

from storefront.privacy import retention

log = logging.getLogger(__name__)

RUNS_FOR_S = 300


@shared_task
def apply_retention(**_: Any) -> None:
    done = retention.apply(now=timezone.now(), for_s=RUNS_FOR_S)
    log.info("retention: %s", done)
