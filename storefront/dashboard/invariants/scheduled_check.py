"""Scheduled check: run all invariants, store violations for the inbox, delete resolved ones."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max

from storefront.dashboard.invariants import registry
from storefront.dashboard.models import InvariantCheckRun, InvariantViolation
from suppliers.models import PendingPublication

RETENTION = timedelta(days=2)
MAX_SENTENCE = 300


def run(*, now: datetime) -> int:
    """Run all invariants, store violations, return how many are violated."""
    newest = PendingPublication.objects.aggregate(newest=Max("pk"))["newest"] or 0
    broken = [finding for finding in registry.check_all(now=now) if finding.count]
    with transaction.atomic(durable=True):
        for finding in broken:
            known = {
                "sentence": finding.invariant.sentence[:MAX_SENTENCE],
                "count": finding.count,
                "rows": list(finding.rows),
                "seen_at": now,
            }
            InvariantViolation.objects.update_or_create(
                code=finding.invariant.code, defaults=known, create_defaults={**known, "since": now}
            )
        codes = [finding.invariant.code for finding in broken]
        InvariantViolation.objects.exclude(code__in=codes).delete()
        InvariantCheckRun.objects.create(at=now, newest_unpublished_supply=newest)
        InvariantCheckRun.objects.filter(at__lt=now - RETENTION).delete()
    return len(broken)
