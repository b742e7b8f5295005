"""Bulk job tasks: do the rows of a job, continue jobs whose worker stopped."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from storefront.api.models import BulkJob
from storefront.lib.tasks import enqueue


@shared_task
def run_job(*, job_id: int, **_: Any) -> None:
    # Not before it is needed: its serializers load libraries of the web server, 20 MB a worker.
    from storefront.api.merchant.catalog import bulk  # noqa: PLC0415

    bulk.continue_job(job_id, now=timezone.now())


@shared_task
def continue_jobs(**_: Any) -> None:
    """Queue the jobs that have work to do. One that a worker does is not done twice."""
    for job_id in BulkJob.objects.filter(completed_at=None).values_list("pk", flat=True):
        enqueue(run_job, job_id=job_id)
