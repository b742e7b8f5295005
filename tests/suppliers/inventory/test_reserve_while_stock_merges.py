"""A reservation that waits for a stock merge uses the new figure and the time of that figure."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction

from suppliers.inventory import ledger
from suppliers.models import StockLevel, SupplierOffer
from suppliers.runs import runs
from tests.factories.feeds import NOON, sync
from tests.suppliers.offers.test_price_list import ware, wholesaler

__all__ = ["wholesaler"]

LATER = NOON + timedelta(hours=5)  # by then the old figure has decayed
WAITS_FOR_US = """
SELECT EXISTS (
  SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))
)
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("tries", [1, 2])
def test_a_reservation_that_waited_gets_the_merged_stock(wholesaler, monkeypatch, tries):
    monkeypatch.setattr(ledger, "MAX_TRIES", tries)
    wholesaler.put(ware("A-1", stock=50))
    sync(wholesaler, "prices")
    sync(wholesaler, "stock")
    sync(wholesaler, "prices", now=LATER)
    SupplierOffer.objects.update(min_order_units=1, pack_size=1)
    wholesaler.put(ware("A-1", stock=5))
    level = StockLevel.objects.get()
    ended = []

    def buy():
        try:
            with transaction.atomic():
                ledger.reserve(units={level.pk: 3}, cause="order:x", now=LATER)
            ended.append("held")
        except ledger.NotEnoughStockError:
            ended.append("refused")
        finally:
            connection.close()

    buyer = threading.Thread(target=buy)
    real = runs.mark_applied

    def apply_while_buyer_waits(work):
        real(work)
        buyer.start()
        while not waiting() and buyer.is_alive():
            pass

    monkeypatch.setattr(runs, "mark_applied", apply_while_buyer_waits)
    run = sync(wholesaler, "stock", now=LATER)
    buyer.join()

    assert run.status == "applied"
    assert ended == (["refused"] if tries == 1 else ["held"])


def waiting():
    with connection.cursor() as cursor:
        cursor.execute(WAITS_FOR_US)
        return cursor.fetchone()[0]
