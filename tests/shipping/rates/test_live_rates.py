"""Live rates: a parcel costs the supplier's live rate, or the price of our service without one."""

import threading
from contextlib import contextmanager
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.db import transaction

from catalog.models import Variant
from orders.routing import stock_query
from shipping.models import LiveRateLocation
from shipping.rates import live_rates, quotes
from storefront.lib.db.transactions import OpenTransactionError
from storefront.lib.http.errors import CallDeferredError, PermanentError, TemporaryError
from storefront.lib.money import Money
from suppliers.connectors import records
from suppliers.connectors.cj.error_codes import TokenRejectedError
from suppliers.connectors.records import DiscontinuedError, FreightOption, NoShippingServiceError
from suppliers.resilience.bulkheads import BulkheadKind
from tests.factories.bulkheads import elsewhere
from tests.factories.catalog import make_channel, make_exchange_rate, make_listing
from tests.factories.orders import make_cart, make_sellable
from tests.factories.pricing import make_terms
from tests.factories.shipping import make_service
from tests.factories.suppliers import NOON, make_level, make_location, make_offer, make_supplier

pytestmark = pytest.mark.django_db


def option(price="5.00", name="Standard", currency="EUR", min_days=5, max_days=9):
    price = Money(Decimal(price), currency)
    return FreightOption(name=name, price=price, min_days=min_days, max_days=max_days)


class Freighter:
    """A supplier that returns live rates, after calling ``instead`` if given."""

    def __init__(self, *options, instead=None):
        self.options, self.instead, self.asked = options, instead, []

    def freight(self, *, country_from, ship_to, lines):
        self.asked.append((country_from, ship_to, lines))
        if self.instead is not None:
            self.instead()
        return self.options


def refuses(error):
    def instead():
        raise error

    return instead


def connect(monkeypatch, **suppliers):
    """Connect suppliers by their codes; return the first."""

    @contextmanager
    def adapter_for(row):
        yield suppliers[row.code]

    monkeypatch.setattr("suppliers.connections.factory.open_connector", adapter_for)
    return next(iter(suppliers.values()))


@pytest.fixture(autouse=True)
def _fresh():
    cache.clear()


@pytest.fixture
def light():
    listing = make_sellable()
    make_terms(channel=listing.channel)
    LiveRateLocation.objects.create(location=listing.level.location)
    return listing


def make_far():
    """Make another product at another supplier."""
    listing = make_listing(price_amount=Decimal("39.99"), available=5, as_of=NOON)
    far = make_supplier(code="far")
    make_level(make_offer(listing.variant, supplier=far), location=make_location(far, "CN", "CN"))
    return listing


def plan_and_rates(cart, now=NOON):
    lines = [(line.listing.variant_id, line.quantity) for line in cart.lines.all()]
    plan = stock_query.plan_sources(lines=lines, channel=cart.channel, country="DE", now=now)
    return plan, live_rates.get_for_cart(cart=cart, plan=plan, country="DE", now=now)


def quoted(cart, now=NOON):
    plan, rates = plan_and_rates(cart, now)
    pieces = Variant.objects.in_bulk()
    return quotes.quote_plan(plan=plan, country="DE", now=now, pieces=pieces, live_rates=rates)


def test_two_parcels_cost_what_each_supplier_asks(monkeypatch, light):
    lumen = connect(monkeypatch, lumen=Freighter(option("5.00")))
    far = make_far()
    Variant.objects.update(packed_weight_g=500)
    make_service(base_amount="1.00")
    make_service(make_location(make_supplier(code="far"), "CN", "CN"), base_amount="2.50",
                 per_kg_amount="4.00")  # fmt: skip

    (quote,) = quoted(make_cart(light, far, quantity=2))

    # 5.00 EUR, 3 % of the price before tax for the channel, and 19 % tax
    assert [str(parcel.price) for parcel in quote.parcels] == ["6.13 EUR", "6.50 EUR"]
    assert str(quote.price) == "12.63 EUR"
    ((country, ship_to, lines),) = lumen.asked
    assert (country, ship_to.country) == ("DE", "DE")
    assert [(line.sku, line.quantity) for line in lines] == [(light.level.offer.supplier_sku, 2)]


def test_a_parcel_arrives_no_sooner_than_its_live_rate_says(monkeypatch, light):
    connect(monkeypatch, lumen=Freighter(option(min_days=1, max_days=20)))
    make_service(min_days=3, max_days=6)

    (quote,) = quoted(make_cart(light))

    assert (quote.arrives_to - quote.arrives_from).days == 17


def test_freight_included_in_item_prices_is_not_charged_twice(monkeypatch, light):
    make_terms(channel=light.channel, freight_amount=Decimal("2.00"))
    connect(monkeypatch, lumen=Freighter(option("5.00")))
    make_service()

    (quote,) = quoted(make_cart(light, quantity=2))

    assert str(quote.price) == "1.23 EUR"  # (5 - 2 * 2) / 0.97 * 1.19


def test_an_unconfirmed_currency_uses_its_highest_plausible_rate(monkeypatch, light):
    make_exchange_rate(rate="0.90")
    connect(monkeypatch, lumen=Freighter(option("10.00", currency="USD")))
    make_service()

    (quote,) = quoted(make_cart(light))

    assert str(quote.price) == "11.04 EUR"  # 9 / 0.97 * 1.19


@pytest.mark.parametrize(
    "freighter",
    [
        Freighter(instead=refuses(TemporaryError("busy"))),
        Freighter(instead=refuses(NoShippingServiceError("which postcode?"))),
        Freighter(instead=refuses(RuntimeError("a fault of ours"))),
        Freighter(option(currency="USD")),
        Freighter(),
        object(),
    ],
    ids=[
        "busy",
        "refused without a postcode",
        "broken",
        "unknown money",
        "nothing without a postcode",
        "cannot say",
    ],
)
def test_routes_apply_without_a_usable_live_rate(monkeypatch, light, freighter):
    connect(monkeypatch, lumen=freighter)
    make_service(base_amount="4.90")

    (quote,) = quoted(make_cart(light))

    assert str(quote.price) == "4.90 EUR"


def test_a_hanging_supplier_is_not_waited_for(monkeypatch, light):
    may_end = threading.Event()
    connect(monkeypatch, lumen=Freighter(option(), instead=lambda: may_end.wait(timeout=30)))
    monkeypatch.setattr(live_rates, "TIMEOUT_S", 0.1)
    make_service(base_amount="4.90")

    (quote,) = quoted(make_cart(light))
    may_end.set()

    assert str(quote.price) == "4.90 EUR"


def test_a_method_missing_from_the_answer_is_not_offered_and_explained(monkeypatch, light):
    connect(monkeypatch, lumen=Freighter(option(name="Sea")))
    make_service()
    cart = make_cart(light)

    plan, rates = plan_and_rates(cart)

    pieces = Variant.objects.in_bulk()
    assert quoted(cart) == []
    (reason,) = quotes.refusal_reasons(
        plan=plan, country="DE", now=NOON, pieces=pieces, live_rates=rates
    )
    assert reason.code == "no_route"


@pytest.mark.parametrize(
    "freighter",
    [Freighter(instead=refuses(NoShippingServiceError("an island"))), Freighter()],
    ids=["refused", "an empty answer"],
)
def test_a_complete_address_without_an_option_removes_the_method(monkeypatch, light, freighter):
    connect(monkeypatch, lumen=freighter)
    make_service()
    cart = make_cart(light)
    cart.ship_to = {"country": "DE", "postcode": "27498"}

    assert quoted(cart) == []


@pytest.mark.parametrize(
    "error",
    [
        PermanentError("HTTP 401", code="401"),
        PermanentError("no JSON", code="garbage"),
        TokenRejectedError("the key was revoked", code="1600001"),
        DiscontinuedError("off the shelf", code="1602002"),
    ],
)
def test_an_unrelated_refusal_removes_no_method(monkeypatch, light, error):
    connect(monkeypatch, lumen=Freighter(instead=refuses(error)))
    make_service(base_amount="4.90")
    cart = make_cart(light)
    cart.ship_to = {"country": "DE", "postcode": "10115"}

    (quote,) = quoted(cart)

    assert str(quote.price) == "4.90 EUR"


def test_no_supplier_is_asked_where_routes_apply(monkeypatch, light):
    lumen = connect(monkeypatch, lumen=Freighter(option()))
    LiveRateLocation.objects.update(is_active=False)
    make_service(base_amount="4.90")

    (quote,) = quoted(make_cart(light))

    assert (str(quote.price), lumen.asked) == ("4.90 EUR", [])


def test_no_lock_is_held_while_suppliers_are_asked(monkeypatch, light):
    connect(monkeypatch, lumen=Freighter(option()))
    make_service()
    cart = make_cart(light)

    with pytest.raises(OpenTransactionError), transaction.atomic():
        quoted(cart)


def test_each_channel_charges_by_its_own_costs(light):
    plan = stock_query.plan_sources(
        lines=[(light.variant_id, 1)], channel=make_channel(), country="DE", now=NOON
    )
    costing = live_rates.policy.load_costing(light.channel, now=NOON, country="DE")
    make_terms(channel=light.channel, channel_fee_rate="0.9999", tax_rate="0.25")
    dear = live_rates.policy.load_costing(light.channel, now=NOON, country="DE")
    (parcel,) = plan.parcels
    freight = Money(Decimal("5.00"), "EUR")

    def charge(by):
        return live_rates.customer_charge(freight, parcel=parcel, costing=by, channel=light.channel)

    assert str(charge(costing)) == "6.13 EUR"
    assert charge(dear) > Money(Decimal(1000), "EUR")


# Cached answers, and suppliers that an earlier page could not ask


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


def test_a_supplier_without_a_free_bulkhead_slot_is_asked_by_the_next_page(
    monkeypatch, settings, light
):
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
