"""Product status pushes: discontinue SKUs, sell them again."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db.models import Sum

from suppliers.models import QuarantineThresholds, StockLevel, SupplierOffer
from suppliers.pushes.prices import apply_prices
from suppliers.pushes.rows import CostRow, OfferStatus, StatusRow
from suppliers.pushes.statuses import TooManyDiscontinuedError, apply_statuses
from tests.factories.feeds import NOON, sync

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(minutes=15)


def push(supplier, status, *skus, as_of=LATER):
    return apply_statuses(
        supplier=supplier,
        rows=[StatusRow(sku, OfferStatus(status)) for sku in skus],
        external_id="m-1",
        as_of=as_of,
        now=max(as_of, LATER),
    )


def push_cost(supplier, cost, *, as_of):
    costs = {f"P{number}-Black": "8.40" for number in range(1, 21)} | {"P1-Black": cost}
    apply_prices(
        supplier=supplier,
        rows=[CostRow(sku, Decimal(amount)) for sku, amount in costs.items()],
        external_id="m-2",
        as_of=as_of,
        now=as_of,
    )


def offer(number):
    return SupplierOffer.objects.get(supplier_sku=f"P{number}-Black")


def test_a_discontinued_sku_is_not_sold_until_it_is_active_and_has_cost_and_stock(supplier):
    assert push(supplier, "discontinued", "P1-Black") == []

    ended = offer(1)
    units = StockLevel.objects.filter(offer=ended).aggregate(Sum("reported_quantity"))
    assert (ended.status, units) == ("discontinued", {"reported_quantity__sum": 0})
    assert ended.variant.listings.get().available == 0
    assert offer(2).status == "active"

    push(supplier, "active", "P1-Black", as_of=LATER + timedelta(minutes=1))

    assert offer(1).status == "on_hold"

    push_cost(supplier, "8.40", as_of=LATER + timedelta(minutes=2))

    assert offer(1).status == "active"
    assert offer(1).variant.listings.get().available == 0


def test_a_price_list_that_repeats_the_cost_puts_an_active_sku_on_sale(supplier):
    push(supplier, "discontinued", "P1-Black")
    push(supplier, "active", "P1-Black", as_of=LATER + timedelta(minutes=1))

    sync(supplier, "prices", now=LATER + timedelta(hours=1))

    assert offer(1).status == "active"


def test_a_cost_reported_before_the_sku_is_active_counts(supplier):
    push(supplier, "discontinued", "P1-Black")
    push_cost(supplier, "8.50", as_of=LATER + timedelta(minutes=1))

    push(supplier, "active", "P1-Black", as_of=LATER + timedelta(minutes=2))

    assert offer(1).status == "active"


def test_a_refused_cost_stays_refused_if_the_sku_ends_and_is_active_again(supplier):
    push_cost(supplier, "840", as_of=LATER)
    push(supplier, "discontinued", "P1-Black", as_of=LATER + timedelta(minutes=1))
    push(supplier, "active", "P1-Black", as_of=LATER + timedelta(minutes=2))

    assert offer(1).status == "on_hold"


def test_an_end_older_than_a_confirmation_is_refused(supplier):
    push(supplier, "active", "P1-Black", as_of=LATER + timedelta(minutes=1))

    refused = push(supplier, "discontinued", "P1-Black", as_of=LATER)

    assert [row.sku for row in refused] == ["P1-Black"]
    assert offer(1).status == "active"


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
