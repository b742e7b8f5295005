from datetime import timedelta

import pytest

from storefront.dashboard.home import feed_freshness
from suppliers.models import Supplier, SyncRun
from tests.factories.suppliers import NOON, make_supplier

pytestmark = pytest.mark.django_db


def test_job_is_late_after_twice_its_interval_and_shows_its_last_run():
    moments = {
        "status_since": NOON,
        "lease_until": NOON,
        "started_at": NOON - timedelta(minutes=31),
    }
    for kind in ("stock", "prices"):
        known = {"supplier": make_supplier(), "kind": kind, "status": "applied", "read": 420}
        SyncRun.objects.create(**known, **moments)

    jobs = {job.kind: job for job in feed_freshness.job_freshness(now=NOON)}

    assert {kind: job.is_late for kind, job in jobs.items()} == {
        "products": True,  # never
        "prices": False,  # every hour
        "stock": True,  # every 15 minutes
    }
    assert (jobs["stock"].last.read, jobs["products"].last) == (420, None)
    Supplier.objects.update(status="paused")
    assert feed_freshness.job_freshness(now=NOON) == []
