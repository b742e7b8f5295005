from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from storefront.dev.sandboxes.in_memory_supplier import FakeSupplier
from suppliers.models import FeedLimits
from tests.factories.feeds import NOON, stock_world, sync


@pytest.mark.parametrize("kind", ["products", "prices", "stock"])
def test_thresholds_are_read_once_per_run(supplier, world, kind):
    stock_world(world, 3)
    sync(supplier)

    with CaptureQueriesContext(connection) as asked:
        sync(supplier, kind, now=NOON + timedelta(hours=1))

    assert sum("suppliers_feedlimits" in query["sql"] for query in asked) == 1


@pytest.mark.parametrize(("bad_percent", "status"), [(None, "quarantined"), (90, "applied")])
def test_invalid_pages_are_limited_by_the_threshold_of_the_supplier(
    supplier, world, monkeypatch, bad_percent, status
):
    stock_world(world, 12)
    FeedLimits.objects.create(supplier=supplier, bad_percent=bad_percent)
    real = FakeSupplier.product

    def unusable(self, *, ref):
        page = real(self, ref=ref)
        return page if ref in {"P1", "P2"} else replace(page, record=None)

    monkeypatch.setattr(FakeSupplier, "product", unusable)

    assert sync(supplier).status == status
