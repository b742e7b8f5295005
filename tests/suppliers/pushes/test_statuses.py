"""Product status pushes: discontinue SKUs, sell them again."""

from datetime import timedelta

import pytest
from django.db.models import Sum

from suppliers.models import QuarantineThresholds, StockLevel, SupplierOffer
from suppliers.pushes.rows import OfferStatus, StatusRow
from suppliers.pushes.statuses import TooManyDiscontinuedError, apply_statuses
from tests.factories.feeds import NOON, stock_world, sync

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(minutes=15)


@pytest.fixture
def supplier(supplier, world):
    stock_world(world, 20)
    sync(supplier)
    return supplier


def push(supplier, status, *skus, as_of=LATER):
    return apply_statuses(
        supplier=supplier,
        rows=[StatusRow(sku, OfferStatus(status)) for sku in skus],
        external_id="m-1",
        as_of=as_of,
        now=max(as_of, LATER),
    )


def offer(number):
    return SupplierOffer.objects.get(supplier_sku=f"P{number}-Black")


def test_a_discontinued_sku_is_not_sold_until_it_is_active_and_has_stock(supplier):
    assert push(supplier, "discontinued", "P1-Black") == []

    ended = offer(1)
    units = StockLevel.objects.filter(offer=ended).aggregate(Sum("reported_quantity"))
    assert (ended.status, units) == ("discontinued", {"reported_quantity__sum": 0})
    assert ended.variant.listings.get().available == 0
    assert offer(2).status == "active"

    push(supplier, "active", "P1-Black", as_of=LATER + timedelta(minutes=1))

    assert offer(1).status == "active"
    assert offer(1).variant.listings.get().available == 0


def test_unknown_locked_and_older_rows_are_refused(supplier):
    locked = offer(2)
    locked.overridden_fields = ["status"]
    locked.save()
    push(supplier, "discontinued", "P3-Black")

    refused = push(supplier, "discontinued", "P9999", "P2-Black")
    older = push(supplier, "active", "P3-Black", as_of=LATER - timedelta(seconds=1))

    assert [tuple(row) for row in refused] == [
        ("P9999", "unknown SKU"),
        ("P2-Black", "set by staff"),
    ]
    assert [row.sku for row in older] == ["P3-Black"]
    assert (offer(2).status, offer(3).status) == ("active", "discontinued")


def test_too_many_discontinued_skus_are_not_applied(supplier):
    for number in range(1, 5):
        push(supplier, "discontinued", f"P{number}-Black")

    with pytest.raises(TooManyDiscontinuedError, match="after 4 within a day, of 20"):
        push(supplier, "discontinued", "P5-Black")
    assert offer(5).status == "active"

    QuarantineThresholds.objects.create(supplier=supplier, max_missing_percent=90)
    push(supplier, "discontinued", "P5-Black")

    assert offer(5).status == "discontinued"
