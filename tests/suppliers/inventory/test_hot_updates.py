"""HOT updates: a changed stock figure is written without an index update."""

from datetime import timedelta

import pytest
from django.db import connection

from storefront.accounts.models import User
from suppliers.models import StockLevel, SupplierOffer
from tests.factories.feeds import NOON, sync
from tests.suppliers.offers.test_price_list import LATER, ware, wholesaler

__all__ = ["wholesaler"]

WRITTEN = """
SELECT pg_stat_get_xact_tuples_updated(oid), pg_stat_get_xact_tuples_hot_updated(oid)
FROM pg_class WHERE relname = %s
"""

pytestmark = pytest.mark.django_db


def test_changed_figures_touch_no_index(wholesaler):
    rows = [ware(f"A-{number}") for number in range(40)]
    wholesaler.put(*rows)
    sync(wholesaler, "prices")
    sync(wholesaler, "stock")
    before = {model: written(model) for model in (SupplierOffer, StockLevel)}

    wholesaler.put(*rows[3:], *(ware(f"A-{number}", price="11.00", stock=6) for number in range(3)))
    prices, stock = (sync(wholesaler, kind, now=LATER) for kind in ("prices", "stock"))

    assert (prices.updated, stock.updated) == (3, 3)
    for model, (updated, in_place) in before.items():
        assert written(model) == (updated + 3, in_place + 3)


def test_a_figure_written_in_place_has_the_date_of_its_run(wholesaler):
    wholesaler.put(ware("A-1"))
    sync(wholesaler, "prices")
    sync(wholesaler, "stock")
    wholesaler.put(ware("A-1", price="11.00", stock=6))

    for kind in ("prices", "stock"):
        sync(wholesaler, kind, now=LATER)

    level = StockLevel.objects.with_confirmed_at().get()
    assert (level.reported_quantity, level.as_of, level.known_at) == (6, NOON, LATER)
    offer = SupplierOffer.objects.with_cost_confirmed_at().get()
    assert (offer.cost_reported_at, offer.cost_confirmed_at) == (NOON, LATER)


@pytest.mark.parametrize("kind", ["prices", "stock"])
def test_a_formerly_unconfirmed_figure_gets_its_own_date(wholesaler, kind):
    wholesaler.put(ware("A-1"), ware("A-2"))
    sync(wholesaler, "prices")
    sync(wholesaler, "stock")
    StockLevel.objects.update(is_unconfirmed=True)
    SupplierOffer.objects.update(is_cost_unconfirmed=True)
    wholesaler.put(ware("A-1", price="11.00", stock=6), ware("A-2"))

    sync(wholesaler, kind, now=LATER)
    sync(wholesaler, kind, now=LATER + timedelta(hours=1))

    if kind == "stock":
        level = StockLevel.objects.with_confirmed_at().get(offer__supplier_sku="A-1")
        assert (level.as_of, level.is_unconfirmed) == (LATER, False)
        assert level.known_at == LATER + timedelta(hours=1)
    else:
        offer = SupplierOffer.objects.with_cost_confirmed_at().get(supplier_sku="A-1")
        assert (offer.cost_reported_at, offer.is_cost_unconfirmed) == (LATER, False)


def written(model):
    with connection.cursor() as cursor:
        cursor.execute(WRITTEN, [model._meta.db_table])
        return cursor.fetchone()


def test_staff_see_the_confirmation_time_not_the_write_time(wholesaler, client):
    wholesaler.put(ware("A-1"))
    sync(wholesaler, "prices")
    sync(wholesaler, "stock")
    for kind in ("prices", "stock"):
        sync(wholesaler, kind, now=LATER)
    client.force_login(User.objects.create_superuser("staff@fara.example", "a password"))

    offer = client.get(f"/admin/suppliers/supplieroffer/{SupplierOffer.objects.get().pk}/change/")
    level = client.get(f"/admin/suppliers/stocklevel/{StockLevel.objects.get().pk}/change/")

    confirmed = f'<time datetime="{LATER.isoformat()}"'
    assert offer.content.decode().count(confirmed) == 2  # its cost and its stock
    assert level.content.decode().count(confirmed) == 1
