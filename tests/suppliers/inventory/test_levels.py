"""Stock levels: the later of two answers counts, rows are locked in id order."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta

import pytest
from django.db import connection, transaction

from suppliers.inventory import confirmations
from suppliers.models import StockLevel, SupplierOffer
from suppliers.offers import writer
from suppliers.runs.runs import RunContext, open_run
from suppliers.runs.staging import run
from suppliers.sync import webhooks
from tests.factories.feeds import NOON, stock_world, sync
from tests.factories.suppliers import make_level, make_location
from tests.support.concurrency import Rival

LATER = NOON + timedelta(minutes=15)


def test_an_answer_older_than_the_last_confirmation_changes_nothing(supplier, world):
    stock_world(world, 2)
    sync(supplier)
    sync(supplier, "stock", now=LATER)  # confirms the stock without writing a row
    world.stock["P1-Black"]["DE"] = 3

    for minutes in (-1, 1):
        now = LATER + timedelta(minutes=minutes)
        webhooks.refresh_stock(supplier=supplier, external_ids=["P1"], cause="event:m-1", now=now)
        figure = StockLevel.objects.get(offer__supplier_sku="P1-Black", location__code="DE")
        assert figure.reported_quantity == (20 if minutes < 0 else 3)


def test_a_row_reported_after_the_run_started_stays_confirmed(supplier, world):
    stock_world(world, 2)
    sync(supplier)
    StockLevel.objects.filter(offer__supplier_sku="P1-Black").update(as_of=LATER)

    with transaction.atomic():
        nine = NOON + timedelta(minutes=9)
        confirmations.mark_unconfirmed(
            which="true", params={"supplier": supplier.pk, "as_of": nine}
        )

    silent = StockLevel.objects.filter(is_unconfirmed=True)
    assert set(silent.values_list("offer__supplier_sku", flat=True)) == {"P2-Black"}


@pytest.mark.django_db(transaction=True)
def test_rows_are_marked_unconfirmed_in_id_order(supplier, world):
    stock_world(world, 2)
    sync(supplier)
    first, *_, last = StockLevel.objects.order_by("pk")
    StockLevel.objects.filter(pk=first.pk).update(received_at=LATER)  # now last in the table

    @transaction.atomic
    def silence():
        confirmations.mark_unconfirmed(
            which="true", params={"supplier": supplier.pk, "as_of": LATER}
        )

    rival = Rival(silence)
    with transaction.atomic():
        StockLevel.objects.select_for_update(of=["self"]).get(pk=first.pk)
        rival.begin()  # it waits for the lock on the first row, and holds no other
        StockLevel.objects.select_for_update(of=["self"], nowait=True).get(pk=last.pk)
    rival.finish()

    assert rival.failure is None
    assert not StockLevel.objects.filter(is_unconfirmed=False).exists()


@pytest.mark.django_db(transaction=True)
def test_stock_is_written_while_the_product_job_locks_the_offer(supplier, world):
    stock_world(world, 1)
    sync(supplier)
    offer = SupplierOffer.objects.get()
    elsewhere = make_location(supplier, "PL", "PL")
    work = RunContext(open_run(supplier=supplier, kind="products", now=LATER), now=LATER)

    def count():
        with closing(connection), transaction.atomic():
            run("SET LOCAL lock_timeout = '3s'", {})
            make_level(offer, 7, elsewhere)

    with transaction.atomic(), ThreadPoolExecutor() as pool:
        writer.discontinue_batch(work, [offer.product_external_id])
        pool.submit(count).result()

    assert StockLevel.objects.get(location=elsewhere).reported_quantity == 7
