from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from orders.inventory import stock_sync
from orders.models import Allocation
from suppliers.models import StockLevel, Supplier
from tests.factories.orders import make_sellable
from tests.factories.scripted_supplier import ScriptedSupplier, connect
from tests.factories.stock_reports import buy, figure, ship
from tests.factories.suppliers import NOON, make_supplier

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def test_queries_do_not_grow_with_runs_that_are_no_stocktake(monkeypatch):
    connect(monkeypatch, ScriptedSupplier())
    sold = [make_sellable(quantity=30) for _ in range(9)]
    for listing in sold:
        ship(buy(listing, quantity=1), NOON)
    Supplier.objects.update(stock_decremented_at="never")
    StockLevel.objects.update(as_of=NOON + 1.5 * DAY)
    levels = [listing.level for listing in sold]

    asked = []
    for run in range(2, 5):  # other buyers reduce five of our nine rows each day
        figure(30 - run, NOON + run * DAY, *levels[:5], cause=f"run:{run}")
        with CaptureQueriesContext(connection) as queries:
            stock_sync.absorb_sales(supplier=make_supplier(), now=NOON + 9 * DAY)
        asked.append(len(queries))

    assert len(set(asked[1:])) == 1, asked
    assert not Allocation.objects.exclude(absorbed_by="").exists()
