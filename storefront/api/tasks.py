"""API tasks: collect those of bulk jobs, delete old idempotency records and jobs on a schedule."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from storefront.api.merchant.catalog.tasks import continue_jobs, run_job
from storefront.api.models import BulkJob, IdempotencyRecord

RETENTION = timedelta(days=7)

__all__ = ["continue_jobs", "delete_old_records", "run_job"]


@shared_task
def delete_old_records() -> None:
    """Delete records that no client retries; an order is still placed only once: its cart is unique."""
    before = timezone.now() - RETENTION
    IdempotencyRecord.objects.filter(started_at__lt=before).delete()
    BulkJob.objects.filter(completed_at__lt=before).delete()
