"""Drift check: differences between a store and our listings are shown and corrected."""

from datetime import timedelta
from decimal import Decimal

import pytest

from catalog.models import Listing
from storefront.lib.http.errors import PermanentError
from storefront.lib.money import Money
from storefront.sales_channels import pending_changes
from storefront.sales_channels.drift.check import check_drift, due_connections
from storefront.sales_channels.models import ChannelRun, Connection, Drift
from storefront.sales_channels.publishing import run
from tests.factories.catalog import NOON
from tests.factories.sales_channels import sell

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(hours=1)


@pytest.fixture
def listing(connection):
    listing = sell(connection, available=7)
    run.publish(connection.pk, now=NOON)
    return listing


def check(connection, *, now=LATER):
    check_drift(connection.pk, now=now)


def found():
    return list(Drift.objects.order_by("field").values_list("field", "ours", "theirs"))


def test_store_in_step_has_no_drift(connection, store, listing):
    check(connection)

    assert found() == []
    last = ChannelRun.objects.latest("pk")
    assert (last.kind, last.found, last.unknown) == ("drift", 0, 0)


def test_higher_stock_and_other_price_are_found_in_units_and_cents_and_corrected(
    connection, store, listing
):
    variant_id = store.variant_id("HL-1")
    store.quantities[variant_id] = 9
    store.prices[variant_id] = (Money(Decimal("19.99"), "EUR"), Money(Decimal("39.99"), "EUR"))

    check(connection)

    assert found() == [("compare_at", 0, 3999), ("price", 2999, 1999), ("quantity", 7, 9)]

    run.publish(connection.pk, now=LATER)
    assert (store.quantity_of("HL-1"), store.prices[variant_id][1]) == (7, None)
    check(connection, now=LATER + timedelta(hours=1))

    assert not Drift.objects.filter(corrected_at=None).exists()
    assert [(each.found, each.corrected) for each in drift_runs()] == [(3, 0), (0, 3)]


def drift_runs():
    return ChannelRun.objects.filter(kind="drift").order_by("pk")


def test_lower_stock_is_raised_only_if_the_next_check_finds_it_still(connection, store, listing):
    """An order of the store that is not imported yet lowers its stock."""
    variant_id = store.variant_id("HL-1")
    store.quantities[variant_id] = 5

    check(connection)
    run.publish(connection.pk, now=LATER)

    assert found() == [("quantity", 7, 5)]
    assert store.quantity_of("HL-1") == 5

    check(connection, now=LATER + timedelta(hours=1))
    run.publish(connection.pk, now=LATER + timedelta(hours=1))

    assert store.quantity_of("HL-1") == 7


def test_variant_missing_in_the_store_is_created_again(connection, store, listing):
    store.products.clear()
    store.skus.clear()

    check(connection)

    assert found() == [("missing", None, None)]

    for _ in range(3):
        run.publish(connection.pk, now=LATER)
    assert store.quantity_of("HL-1") == 7


def test_hidden_product_is_shown_again(connection, store, listing):
    store.products["p1"] = store.products["p1"].__replace__(is_active=False)

    check(connection)
    run.publish(connection.pk, now=LATER)

    assert found() == [("hidden", 1, 0)]
    assert store.products["p1"].is_active


def test_unknown_variant_is_shown_and_left(connection, store, listing):
    store.products["theirs"] = store.products["p1"].__replace__(
        key="theirs",
        external_id="theirs",
        variants=(store.products["p1"].variants[0].__replace__(sku="OWN-1"),),
    )
    store.skus["own"] = "OWN-1"
    store.quantities["own"] = 3
    store.prices["own"] = (Money(Decimal(5), "EUR"), None)

    check(connection)
    run.publish(connection.pk, now=LATER)

    assert found() == [("unknown", None, 3)]
    assert store.quantity_of("OWN-1") == 3


@pytest.mark.parametrize("is_folded", [False, True])
def test_listing_that_changed_meanwhile_is_not_compared(connection, store, listing, is_folded):
    Listing.objects.update(available=6)
    if is_folded:
        pending_changes.fold(connection)

    check(connection)

    assert found() == []


def test_stores_are_compared_once_an_hour(connection, store):
    assert due_connections(now=LATER) == [connection.pk]

    check(connection)

    assert due_connections(now=LATER + timedelta(minutes=59)) == []
    assert due_connections(now=LATER + timedelta(minutes=60)) == [connection.pk]


def test_refused_access_pauses_the_connection(connection, store):
    store.failures.append(PermanentError("invalid token", code="401"))

    check(connection)

    assert Connection.objects.get().status == "paused"
