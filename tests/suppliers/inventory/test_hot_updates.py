"""HOT updates: a changed stock figure is written without an index update."""

from datetime import timedelta

import pytest
from django.db import connection

from suppliers.models import StockLevel, SupplierOffer
from tests.factories.feeds import NOON
from tests.suppliers.offers.test_price_list import LATER, list_row

WRITTEN = """
SELECT pg_stat_get_xact_tuples_updated(oid), pg_stat_get_xact_tuples_hot_updated(oid)
FROM pg_class WHERE relname = %s
"""

pytestmark = pytest.mark.django_db


def test_changed_figures_touch_no_index(wholesaler):
    rows = [list_row(f"A-{number}") for number in range(40)]
    wholesaler.read(*rows)
    before = {model: written(model) for model in (SupplierOffer, StockLevel)}

    changed = [list_row(f"A-{number}", price="11.00", stock=6) for number in range(3)]
    prices, stock = wholesaler.read(*rows[3:], *changed, now=LATER)

    assert (prices.updated, stock.updated) == (3, 3)
    for model, (updated, in_place) in before.items():
        assert written(model) == (updated + 3, in_place + 3)


def test_a_figure_written_in_place_has_the_date_of_its_run(wholesaler):
    wholesaler.read(list_row("A-1"))

    wholesaler.read(list_row("A-1", price="11.00", stock=6), now=LATER)

    level = StockLevel.objects.with_confirmed_at().get()
    assert (level.reported_quantity, level.as_of, level.known_at) == (6, NOON, LATER)
    offer = SupplierOffer.objects.with_cost_confirmed_at().get()
    assert (offer.cost_reported_at, offer.cost_confirmed_at) == (NOON, LATER)


def test_a_formerly_unconfirmed_figure_gets_its_own_date(wholesaler):
    wholesaler.read(list_row("A-1"), list_row("A-2"))
    StockLevel.objects.update(is_unconfirmed=True)
    SupplierOffer.objects.update(is_cost_unconfirmed=True)

    wholesaler.read(list_row("A-1", price="11.00", stock=6), list_row("A-2"), now=LATER)
    wholesaler.read(now=LATER + timedelta(hours=1))

    level = StockLevel.objects.with_confirmed_at().get(offer__supplier_sku="A-1")
    assert (level.as_of, level.is_unconfirmed) == (LATER, False)
    assert level.known_at == LATER + timedelta(hours=1)
    offer = SupplierOffer.objects.get(supplier_sku="A-1")
    assert (offer.cost_reported_at, offer.is_cost_unconfirmed) == (LATER, False)


def written(model):
    with connection.cursor() as cursor:
        cursor.execute(WRITTEN, [model._meta.db_table])
        return cursor.fetchone()


def test_staff_see_the_confirmation_time_not_the_write_time(wholesaler, staff):
    wholesaler.read(list_row("A-1"))
    wholesaler.read(now=LATER)

    offer = staff.get(f"/admin/suppliers/supplieroffer/{SupplierOffer.objects.get().pk}/change/")
    level = staff.get(f"/admin/suppliers/stocklevel/{StockLevel.objects.get().pk}/change/")

    confirmed = f'<time datetime="{LATER.isoformat()}"'
    assert offer.content.decode().count(confirmed) == 2  # its cost and its stock
    assert level.content.decode().count(confirmed) == 1
