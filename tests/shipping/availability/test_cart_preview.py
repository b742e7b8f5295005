"""Cart preview: route a hypothetical cart as checkout would, by any routing rules."""

from decimal import Decimal

import pytest
from django.core.cache import cache

from orders.enums import Criterion
from orders.models import TaxRate
from orders.routing import decision_log
from orders.routing import rules as routing_rules
from orders.routing.ranking import DEFAULT_RULES, Rules
from shipping.availability import availability, cart_preview, cart_summary
from shipping.models import LiveRateLocation
from shipping.rates import quotes
from suppliers.models import Scorecard
from tests.factories.catalog import make_channel
from tests.factories.orders import make_cart, make_sellable
from tests.factories.pricing import make_terms
from tests.factories.shipping import make_service
from tests.factories.suppliers import NOON, make_level, make_location, make_offer, make_supplier
from tests.shipping.rates.test_live_rates import Freighter, connect, option

pytestmark = pytest.mark.django_db


@pytest.fixture
def light():
    """A product of two suppliers: one cheap and slow, one expensive and fast."""
    listing = make_sellable(quantity=9, cost="10.00")
    make_service(min_days=1, max_days=2, countries=["DE"])
    offer = make_offer(listing.variant, supplier=make_supplier("far"), cost="8.00")
    listing.far = make_level(offer, 9, make_location(offer.supplier, "CN", "CN"))
    make_service(listing.far.location, min_days=9, max_days=20, countries=["DE"])
    return listing


def preview(light, rules=DEFAULT_RULES, quantity=1, country="DE", **place):
    return cart_preview.preview(
        wanted={light.variant_id: quantity},
        channel=make_channel(),
        country=country,
        rules=rules,
        now=NOON,
        **place,
    )


def taken(plan):
    return [line.candidate.level_id for parcel in plan.parcels for line in parcel.lines]


def test_routing_rules_choose_the_source_of_a_preview(light):
    soonest = Rules(criteria=(Criterion.DAYS, Criterion.COST))

    cheap, quick = preview(light), preview(light, soonest)

    assert (taken(cheap.plan), taken(quick.plan)) == ([light.far.pk], [light.level.pk])
    ((one, verdict, _), (other, reason, _)) = quick.considered_sources(light.variant_id)
    assert (one.level_id, verdict) == (light.level.pk, decision_log.SELECTED)
    assert (other.level_id, reason) == (light.far.pk, "slower")
    assert other.days - one.days == 18 + other.lead_days - one.lead_days
    dear, less = quick.line_margins[light.variant_id], cheap.line_margins[light.variant_id]
    assert dear.net - dear.outlay < less.net - less.outlay


def test_a_better_scorecard_wins_where_scores_count(light):
    for supplier, low in ((light.level.offer.supplier, "0.97"), (light.far.offer.supplier, "0.6")):
        Scorecard.objects.create(
            supplier=supplier, measure="fill_rate", on=NOON.date(), sample=90, value=1, low=low
        )
    quotes.clear_cache()

    found = preview(light, Rules(criteria=(Criterion.SCORE, Criterion.COST)))

    assert taken(found.plan) == [light.level.pk]
    assert {one.score for one, _, _ in found.considered_sources(light.variant_id)} == {97, 60}


def test_live_rules_apply_to_carts_and_cards(light):
    channel = make_channel()
    cart = make_cart(light)
    before = availability.check_cart(cart=cart, country="DE", now=NOON)
    rules = routing_rules.create_draft(
        channel=channel, criteria=(Criterion.DAYS,), actor="ada", now=NOON
    )
    routing_rules.activate(rules=rules, actor="ada", now=NOON)
    quotes.clear_cache()

    after = availability.check_cart(cart=cart, country="DE", now=NOON)
    variants = availability.check_variants(
        variant_ids=[light.variant_id], country="DE", channel=channel, now=NOON
    )

    assert (taken(before.plan), taken(after.plan)) == ([light.far.pk], [light.level.pk])
    assert after.plan.rules.version == rules.version
    assert variants[light.variant_id].promise.country_from == "DE"


def test_undeliverable_quantities_and_countries_are_explained(light):
    found = preview(light, quantity=10)
    nowhere = preview(light, country="AU")

    assert found.plan.missing == {light.variant_id: 9}
    assert found.considered_sources(light.variant_id) == []
    assert nowhere.quotes == []
    assert nowhere.reasons


@pytest.fixture
def live_light():
    """A product whose location has live rates."""
    cache.clear()
    listing = make_sellable()
    listing.variant.refresh_from_db()
    make_terms(channel=listing.channel)
    make_service(base_amount="1.00")
    LiveRateLocation.objects.create(location=listing.level.location)
    return listing


def test_a_postcode_asks_for_live_rates_as_a_cart_does(monkeypatch, live_light):
    supplier = connect(monkeypatch, lumen=Freighter(option("5.00")))
    cart = make_cart(live_light)
    cart.ship_to = {"country": "DE", "postcode": "10115"}

    without = preview(live_light)
    assert supplier.asked == []
    found = preview(live_light, postcode="10115")
    (_, ship_to, _) = supplier.asked[0]
    real = cart_summary.summarize(cart=cart, country="DE", now=NOON)

    assert (ship_to.country, ship_to.postcode) == ("DE", "10115")
    assert [one.price for one in found.quotes] == [one.price for one in real.quotes]
    assert [one.price for one in found.quotes] != [one.price for one in without.quotes]
    assert (without.asks_live_rates, found.asks_live_rates) == (True, False)
    assert len(supplier.asked) == 1  # the cart used the cached answer of the preview


def test_a_refusal_of_the_postcode_applies_to_the_preview(monkeypatch, live_light):
    connect(monkeypatch, lumen=Freighter())

    found = preview(live_light, postcode="27498")

    assert found.quotes == []
    assert found.reasons


def test_margins_use_the_tax_of_the_region():
    light = make_sellable()
    light.variant.refresh_from_db()
    make_terms(channel=light.channel)
    make_service(countries=["US"])
    for region, rate in (("", "0.05"), ("CA", "0.25")):
        TaxRate.objects.create(
            country="US", region=region, rate=Decimal(rate), valid_from=NOON.date()
        )
    quotes.clear_cache()

    def net(**place):
        return preview(light, country="US", **place).line_margins[light.variant_id].net.amount

    assert net(region="California") < net()
