"""Bulk edit tasks: do the work of an edit, continue edits whose worker stopped."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from catalog.bulk_edits import application
from catalog.models import BulkEdit
from storefront.lib.tasks import enqueue


@shared_task
def run_edit(*, edit_id: int, **_: Any) -> None:
    application.continue_edit(edit_id, now=timezone.now())


@shared_task
def continue_edits(**_: Any) -> None:
    """Queue the edits that have work to do. One that a worker does is not done twice."""
    for edit_id in BulkEdit.objects.filter(status__in=application.OPEN).values_list(
        "pk", flat=True
    ):
        enqueue(run_edit, edit_id=edit_id)
