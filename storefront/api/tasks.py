"""API tasks: delete old idempotency records on a schedule."""

from celery import shared_task
from django.utils import timezone

from storefront.api.core import idempotency


@shared_task
def delete_old_records() -> None:
    idempotency.delete_old(now=timezone.now())
