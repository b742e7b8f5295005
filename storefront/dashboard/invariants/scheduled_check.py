"""Scheduled check: run all invariants, store violations for the inbox, delete resolved ones."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max

from storefront.dashboard.invariants import registry
from storefront.dashboard.models import BrokenInvariant, Checkup
from suppliers.models import UnpublishedSupply

KEPT_FOR = timedelta(days=2)
LONGEST_SENTENCE = 300


def check_up(*, now: datetime) -> int:
    """Run all invariants, store violations, delete resolved ones.

    Returns the number of violated invariants.
    """
    newest = UnpublishedSupply.objects.aggregate(newest=Max("pk"))["newest"] or 0
    broken = [finding for finding in registry.check(now=now) if finding.count]
    with transaction.atomic(durable=True):
        for finding in broken:
            known = {
                "sentence": finding.invariant.sentence[:LONGEST_SENTENCE],
                "count": finding.count,
                "rows": list(finding.rows),
                "seen_at": now,
            }
            BrokenInvariant.objects.update_or_create(
                code=finding.invariant.code,
                defaults=known,
                create_defaults={**known, "since": now},
            )
        codes = [finding.invariant.code for finding in broken]
        BrokenInvariant.objects.exclude(code__in=codes).delete()
        Checkup.objects.create(at=now, newest_supply=newest)
        Checkup.objects.filter(at__lt=now - KEPT_FOR).delete()
    return len(broken)
