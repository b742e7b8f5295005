"""A stock webhook triggers a stock sync, which may be quarantined."""

from contextlib import nullcontext

import pytest

from storefront.webhooks import processing
from suppliers.connectors.records import StockReport
from suppliers.models import StockLevel
from suppliers.runs.runs import QuarantinedError
from suppliers.sync import webhooks
from tests.factories.orders import make_sellable
from tests.factories.suppliers import NOON, make_supplier
from tests.factories.webhooks import cj_body, connect_cj, keep_call

pytestmark = pytest.mark.django_db


class Warehouse:
    """A supplier that is asked for stock only."""

    def __init__(self, external_id, record):
        told = {external_id: (record,)}
        self.stock = self.costs = lambda *, external_id: told[external_id]


def test_stock_webhook_triggers_a_sync_and_publishes_it(monkeypatch):
    make_sellable()
    level = StockLevel.objects.select_related("offer__supplier", "location").get()
    source = connect_cj(level.offer.supplier)
    told = StockReport(
        sku=level.offer.supplier_sku,
        location=level.location.code,
        country=level.location.country,
        quantity=3,
    )
    warehouse = Warehouse(level.offer.product_external_id, told)
    monkeypatch.setattr(webhooks, "open_connector", lambda _: nullcontext(warehouse))
    call = keep_call(source, cj_body("STOCK", None, **{level.offer.supplier_sku: []}))

    processing.process(call=call, now=NOON)

    level.refresh_from_db()
    assert (call.status, level.reported_quantity) == ("applied", 3)


def test_quarantined_stock_webhook_is_ignored_with_the_reason(monkeypatch):
    source = connect_cj(make_supplier())

    def refuse(**_):
        raise QuarantinedError("all rows fall to zero")

    monkeypatch.setattr(webhooks, "handle_event", refuse)
    call = keep_call(source, cj_body("STOCK", None, **{"SKU-1": []}))

    processing.process(call=call, now=NOON)

    assert (call.status, call.problem) == ("ignored", "quarantined: all rows fall to zero")
