"""Product alerts: who is told of an item that is back or cheaper, when, and in which order."""

from datetime import timedelta

import pytest

from shipping.models import ProductAlert
from tests.factories.orders import make_sellable
from tests.factories.product_alerts import HELD, set_price, set_stock, subscribe, sweep, told
from tests.factories.shipping import make_service

pytestmark = pytest.mark.django_db


@pytest.fixture
def light():
    """A light that is sold out."""
    listing = make_sellable()
    make_service(countries=["DE"])
    set_stock(listing, 0)
    return listing


def test_a_person_is_told_once_when_the_item_is_back(light):
    subscribe(light)
    assert sweep() == 0
    set_stock(light, 3)

    results = [sweep(), sweep(HELD), sweep(2 * HELD)]

    assert results == [0, 1, 0]
    assert told() == ["erika@example.org"]
    assert not ProductAlert.objects.exists()


def test_stock_that_vanishes_again_sends_nothing(light):
    subscribe(light)
    set_stock(light, 3)
    sweep()
    set_stock(light, 0)
    sweep(HELD / 2)
    set_stock(light, 3)

    assert [sweep(HELD), sweep(HELD + HELD / 2)] == [0, 0]
    assert sweep(2 * HELD) == 1


def test_an_address_that_did_not_confirm_is_not_told(light):
    subscribe(light, is_verified=False)
    set_stock(light, 3)

    assert [sweep(), sweep(HELD)] == [0, 0]


def test_stock_that_cannot_be_sent_to_the_country_sends_nothing(light):
    subscribe(light, country="FR")
    set_stock(light, 3)

    assert [sweep(), sweep(HELD)] == [0, 0]
    assert ProductAlert.objects.get().met_since is None


def test_two_people_per_unit_are_told_within_an_hour_first_come_first_told(light, settings):
    settings.PRODUCT_ALERTS_PER_UNIT = 2
    for number in range(5):
        subscribe(light, email=f"{number}@example.org")
    set_stock(light, 1)
    sweep()

    assert [sweep(HELD), sweep(2 * HELD)] == [2, 0]
    assert told() == ["0@example.org", "1@example.org"]
    assert sweep(HELD + timedelta(hours=1)) == 2
    assert told()[2:] == ["2@example.org", "3@example.org"]


def test_a_price_that_drops_enough_is_told_once(light, settings):
    settings.PRICE_ALERT_PERCENT = 5
    set_stock(light, 3)
    alert = subscribe(light, kind="price_drop")
    set_price(light, "38.00")  # 4.98 % below 39.99
    assert [sweep(), sweep(HELD)] == [0, 0]
    set_price(light, "37.99")

    assert [sweep(HELD), sweep(2 * HELD), sweep(3 * HELD)] == [0, 1, 0]
    assert told() == [alert.email]


def test_a_price_drop_of_a_sold_out_item_waits_for_stock(light):
    subscribe(light, kind="price_drop")
    set_price(light, "30.00")
    assert [sweep(), sweep(HELD)] == [0, 0]
    set_stock(light, 3)

    assert [sweep(HELD), sweep(2 * HELD)] == [0, 1]


def test_a_sweep_needs_the_same_queries_for_many_variants(light, django_assert_max_num_queries):
    """The availability is read per country, not per variant."""
    others = [make_sellable() for _ in range(5)]
    for each in others:
        subscribe(each)

    with django_assert_max_num_queries(10 + 5 * len(others)):
        sweep()
