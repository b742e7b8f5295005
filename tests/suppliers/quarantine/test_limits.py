from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories.feeds import NOON, stock_world, sync


@pytest.mark.parametrize("kind", ["products", "prices", "stock"])
def test_a_run_is_judged_by_limits_that_are_read_once(supplier, world, kind):
    stock_world(world, 3)
    sync(supplier)

    with CaptureQueriesContext(connection) as asked:
        sync(supplier, kind, now=NOON + timedelta(hours=1))

    assert sum("suppliers_feedlimits" in query["sql"] for query in asked) == 1
