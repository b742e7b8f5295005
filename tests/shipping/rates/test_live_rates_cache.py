"""Live rates are cached; a page asks suppliers that the page before could not ask."""

import threading

import pytest
from django.core.cache import cache

from shipping.models import LiveRateLocation
from shipping.rates import live_rates, quotes
from storefront.lib.http.errors import CallDeferredError, TemporaryError
from suppliers.connectors import records
from suppliers.resilience.bulkheads import BulkheadKind
from tests.factories.bulkheads import elsewhere
from tests.factories.orders import make_cart
from tests.factories.shipping import make_service
from tests.factories.suppliers import make_location, make_supplier
from tests.shipping.rates.test_live_rates import (
    Freighter,
    _fresh,
    connect,
    light,
    make_far,
    option,
    quoted,
    refuses,
)

__all__ = ["_fresh", "light"]

pytestmark = pytest.mark.django_db


def test_an_answer_is_cached_through_checkout(monkeypatch, light):
    lumen = connect(monkeypatch, lumen=Freighter(option("5.00")))
    make_service()
    cart = make_cart(light)
    first = quoted(cart)
    lumen.options = (option("7.00"),)

    assert quoted(cart) == first
    assert len(lumen.asked) == 1
    cart.ship_to = {"country": "DE", "postcode": "10115"}
    assert quoted(cart) != first, "to a postcode it may cost more"


def test_a_silent_supplier_is_not_asked_by_each_page(monkeypatch, light):
    lumen = connect(monkeypatch, lumen=Freighter(instead=refuses(TemporaryError("busy"))))
    make_service()
    cart = make_cart(light)

    assert quoted(cart) == quoted(cart)
    assert len(lumen.asked) == 1


def test_a_supplier_without_a_free_lane_is_asked_by_the_next_page(monkeypatch, settings, light):
    settings.BULKHEAD_SLOTS_PER_SUPPLIER = 1
    connect(monkeypatch, lumen=Freighter(option("5.00")))
    make_service(base_amount="4.90")
    cart = make_cart(light)

    with elsewhere(BulkheadKind.LIVE_CHECKS, light.level.offer.supplier_id):
        (quote,) = quoted(cart)
    assert str(quote.price) == "4.90 EUR"

    (quote,) = quoted(cart)
    assert str(quote.price) == "6.13 EUR"


def test_a_deferred_call_is_made_by_the_next_page(monkeypatch, light):
    held = CallDeferredError("the connection is resting")
    lumen = connect(monkeypatch, lumen=Freighter(option("5.00"), instead=refuses(held)))
    make_service(base_amount="4.90")
    cart = make_cart(light)

    (quote,) = quoted(cart)
    lumen.instead = None
    (again,) = quoted(cart)

    assert (str(quote.price), str(again.price)) == ("4.90 EUR", "6.13 EUR")


def test_a_supplier_not_reached_in_time_is_asked_by_the_next_page(monkeypatch, light):
    may_end = threading.Event()
    hangs = Freighter(option(), instead=lambda: may_end.wait(timeout=30))
    connect(monkeypatch, lumen=hangs, far=Freighter(option("5.00")))
    far = make_far()
    make_service(base_amount="4.90")
    make_service(make_location(make_supplier(code="far"), "CN", "CN"), base_amount="4.90")
    LiveRateLocation.objects.create(location=far.variant.offers.get().levels.get().location)
    quotes.clear_cache()
    monkeypatch.setattr(live_rates, "TIMEOUT_S", 0.1)
    monkeypatch.setattr(live_rates, "MAX_PARALLEL_CALLS", 1)
    cart = make_cart(light, far)

    (quote,) = quoted(cart)
    may_end.set()
    monkeypatch.setattr(live_rates, "TIMEOUT_S", 30)
    (again,) = quoted(cart)

    assert [str(each.price) for each in quote.parcels] == ["4.90 EUR", "4.90 EUR"]
    assert [str(each.price) for each in again.parcels] == ["4.90 EUR", "6.13 EUR"]


def test_a_cached_answer_does_not_depend_on_class_names(monkeypatch, light):
    lumen = connect(monkeypatch, lumen=Freighter(option("5.00")))
    make_service(base_amount="4.90")
    cart = make_cart(light)
    first = quoted(cart)
    monkeypatch.delattr(records, "FreightOption")  # as after a deployment that renames the class

    assert quoted(cart) == first
    assert len(lumen.asked) == 1


@pytest.mark.parametrize(
    "kept",
    ["{", "null", '[{"title": "Standard"}]', '[{"name": "Standard", "price": 5}]', b"\xff", 7, []],
)
def test_an_unreadable_cached_answer_is_asked_again(monkeypatch, light, kept):
    connect(monkeypatch, lumen=Freighter(option("5.00")))
    make_service(base_amount="4.90")
    monkeypatch.setattr(live_rates, "_cache_key", lambda *_: "kept")
    cache.set("kept", kept)

    (quote,) = quoted(make_cart(light))

    assert str(quote.price) == "6.13 EUR"
