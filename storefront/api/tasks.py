"""API tasks: delete old idempotency records on a schedule."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from storefront.api.models import IdempotencyRecord

RETENTION = timedelta(days=7)


@shared_task
def delete_old_records() -> None:
    """Delete records that no client retries; an order is still placed only once: its cart is unique."""
    IdempotencyRecord.objects.filter(started_at__lt=timezone.now() - RETENTION).delete()
