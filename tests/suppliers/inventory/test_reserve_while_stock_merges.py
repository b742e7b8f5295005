"""A reservation that waits for a stock merge uses the new figure and the time of that figure."""

from datetime import timedelta

import pytest
from django.db import transaction

from suppliers.inventory import ledger
from suppliers.models import StockLevel, SupplierOffer
from suppliers.runs import runs
from tests.factories.feeds import NOON, sync
from tests.suppliers.offers.test_price_list import list_row
from tests.support.concurrency import Rival

LATER = NOON + timedelta(hours=5)  # by then the old figure has decayed


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("tries", [1, 2])
def test_a_reservation_that_waited_gets_the_merged_stock(wholesaler, monkeypatch, tries):
    monkeypatch.setattr(ledger, "MAX_TRIES", tries)
    wholesaler.read(list_row("A-1", stock=50))
    sync(wholesaler, "prices", now=LATER)
    SupplierOffer.objects.update(min_order_units=1, pack_size=1)
    wholesaler.put(list_row("A-1", stock=5))
    level = StockLevel.objects.get()

    @transaction.atomic
    def buy():
        ledger.reserve(units={level.pk: 3}, cause="order:x", now=LATER)

    buyer, real = Rival(buy), runs.mark_applied

    def apply_while_buyer_waits(work):
        real(work)
        buyer.begin()

    monkeypatch.setattr(runs, "mark_applied", apply_while_buyer_waits)
    run = sync(wholesaler, "stock", now=LATER)
    buyer.finish()

    assert run.status == "applied"
    if tries == 1:
        assert isinstance(buyer.failure, ledger.NotEnoughStockError)
    else:
        assert buyer.failure is None
