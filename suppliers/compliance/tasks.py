"""Compliance tasks: warn of expiring documents, hold offers whose document expired."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from suppliers.compliance import vetting


@shared_task
def watch_compliance_documents(**_: Any) -> None:
    vetting.watch_expiry(now=timezone.now())
