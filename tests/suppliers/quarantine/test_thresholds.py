from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from storefront.dev.sandboxes.in_memory_supplier import InMemorySupplier
from suppliers.models import QuarantineThresholds
from tests.factories.feeds import NOON, stock_world, sync


@pytest.mark.parametrize("kind", ["products", "prices", "stock"])
def test_thresholds_are_read_once_per_run(known, world, kind):

    with CaptureQueriesContext(connection) as asked:
        sync(known, kind, now=NOON + timedelta(hours=1))

    assert sum("suppliers_quarantinethresholds" in query["sql"] for query in asked) == 1


@pytest.mark.parametrize(
    ("max_invalid_percent", "status"), [(None, "quarantined"), (90, "applied")]
)
def test_invalid_pages_are_limited_by_the_threshold_of_the_supplier(
    supplier, world, monkeypatch, max_invalid_percent, status
):
    stock_world(world, 12)
    QuarantineThresholds.objects.create(supplier=supplier, max_invalid_percent=max_invalid_percent)
    real = InMemorySupplier.product

    def unusable(self, *, external_id):
        page = real(self, external_id=external_id)
        return page if external_id in {"P1", "P2"} else replace(page, record=None)

    monkeypatch.setattr(InMemorySupplier, "product", unusable)

    assert sync(supplier).status == status
