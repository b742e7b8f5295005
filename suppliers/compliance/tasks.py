"""Compliance tasks: warn of expiring evidence, hold offers whose evidence expired."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from django.utils import timezone

from suppliers.compliance import vetting


@shared_task
def watch_evidence(**_: Any) -> None:
    """Warn of proofs that end soon, and hold what needs one that is over."""
    vetting.watch(now=timezone.now())
