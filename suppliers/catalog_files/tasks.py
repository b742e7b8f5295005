"""Catalog file tasks: dry-run and apply imports, continue those whose worker stopped."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from storefront.lib.tasks import enqueue
from suppliers.catalog_files import imports
from suppliers.models import CatalogImport

OPEN = (CatalogImport.Status.PREPARING, CatalogImport.Status.APPLYING)


@shared_task
def run_import(*, import_id: int, **_: Any) -> None:
    imports.continue_import(import_id, now=timezone.now())


@shared_task
def continue_imports(**_: Any) -> None:
    """Queue the imports that have work to do; complete those that were decided on other pages.

    An import that a worker does is not done twice.
    """
    imports.settle_imports(now=timezone.now())
    for import_id in CatalogImport.objects.filter(status__in=OPEN).values_list("pk", flat=True):
        enqueue(run_import, import_id=import_id)
