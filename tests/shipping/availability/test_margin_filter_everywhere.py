"""Margin filter: pages, carts and orders use no source at a loss if a profitable one has stock."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from catalog.models import Variant
from orders import admin_columns
from orders.checkout import checkout
from orders.enums import Criterion
from orders.promotions import codes
from orders.purchasing import submission
from orders.routing import rules
from orders.routing.decision_log import SELECTED
from orders.routing.margin_filter import MarginReason
from shipping.availability import availability, cart_preview, source_comparison
from shipping.availability.cart_summary import summarize
from shipping.availability.source_comparison import RouteStatus
from shipping.rates import quotes
from storefront.dashboard.reports import offer_comparison
from suppliers.models import ShippingService, SupplierOffer
from tests.factories.backorders import live, reroute, stock_at
from tests.factories.catalog import make_channel
from tests.factories.orders import HOME, make_cart, make_sellable, pay
from tests.factories.promotions import make_promotion
from tests.factories.scripted_supplier import ScriptedSupplier, connect, connect_without_holds
from tests.factories.shipping import make_sent_purchase_order, make_service
from tests.factories.suppliers import NOON, make_level, make_offer
from tests.shipping.availability.test_availability_lists import listed

pytestmark = pytest.mark.django_db

D = Decimal
SOONEST = (Criterion.DAYS, Criterion.COST)


def rule(**more):
    """Activate routing rules that prefer the fastest source."""
    made = rules.create_draft(
        channel=make_channel(), criteria=SOONEST, actor="ada", now=NOON, **more
    )
    rules.activate(rules=made, actor="ada", now=NOON)
    quotes.clear_cache()
    return made


@pytest.fixture
def light():
    """A product of two suppliers: one cheap and slow, the other fast and at a loss."""
    rule()
    listing = make_sellable(quantity=9, cost="10.00")
    make_service(min_days=9, max_days=20, countries=["DE"])
    listing.quick = stock_at(listing, "quick", quantity=9, max_days=2, cost="34.00")
    return listing


def checked_cart(light, quantity=1, **more):
    cart = make_cart(light, quantity=quantity, **more)
    return cart, availability.check_cart(cart=cart, country="DE", now=NOON)


def levels(plan):
    return [line.candidate.level_id for parts in plan.planned.values() for line in parts]


def placed(light):
    cart, seen = checked_cart(light)
    (quote,) = quotes.quote_plan(plan=seen.plan, country="DE", now=NOON, pieces=seen.pieces)
    return checkout.place(
        cart=cart, email="erika@example.org", ship_to=HOME, quote=quote, now=NOON
    ).order


def noted(order, light):
    return {
        one["level"]: one["verdict"]
        for one in order.routing_decision["lines"][str(light.variant_id)]
    }


def test_pages_carts_and_cards_prefer_the_profitable_source(light):
    there = {"country": "DE", "channel": light.channel, "now": NOON}
    _, seen = checked_cart(light)
    page = availability.check_variants(variant_ids=[light.variant_id], **there)[light.variant_id]
    card = listed(light, available=9)

    assert levels(seen.plan) == [light.level.pk]
    assert page.promise == card.promise
    assert page.promise.country_from == "DE"
    assert (page.most, card.most) == (9, 9)
    dearer = listed(light, available=9, price_amount=D("59.99"))  # covers the cost of the fast one
    assert dearer.promise.country_from == "PL"


def test_an_order_logs_an_excluded_source_and_its_loss(light):
    order = placed(light)

    said = admin_columns.routing_decision(order)
    assert noted(order, light) == {light.level.pk: SELECTED, light.quick.pk: MarginReason.LOSS}
    # 39.99 is 33.61 before tax; 34.00 of cost plus fees is more
    loses = D(order.routing_decision["lines"][str(light.variant_id)][1]["spent"]) - D("33.61")
    assert f"quick (PL), €36.00: sells at a loss of €{loses:.2f}" in said
    with translation.override("az"):
        assert "zərərlə satılır" in admin_columns.routing_decision(order)


def test_rules_without_a_minimum_margin_sell_at_a_loss_and_log_it(light):
    rule(min_margin_rate=None)

    order = placed(light)

    assert noted(order, light)[light.quick.pk] == SELECTED
    assert "the rules have no minimum margin" in admin_columns.routing_decision(order)


def test_if_all_sources_lose_the_order_is_placed_and_held(light, monkeypatch):
    supplier = connect(monkeypatch, ScriptedSupplier())
    SupplierOffer.objects.filter(pk=light.level.offer_id).update(cost_amount=D("36.00"))

    assert listed(light, available=9).most == 9
    order = pay(placed(light))
    (purchase_order,) = submission.create_purchase_orders(order=order, now=NOON)
    held = submission.submit(purchase_order=purchase_order, now=NOON)

    assert noted(order, light) == {light.quick.pk: SELECTED, light.level.pk: MarginReason.LOSS}
    assert "no other location loses less" in admin_columns.routing_decision(order)
    assert held.status == "on_hold"
    assert "margin" in {one["code"] for one in held.hold_reasons}
    assert supplier.effects == []


def test_a_single_source_at_a_loss_is_logged(light):
    SupplierOffer.objects.filter(pk=light.level.offer_id).update(status="discontinued")

    order = placed(light)

    assert noted(order, light) == {light.quick.pk: SELECTED}
    assert "Selected at a loss of" in admin_columns.routing_decision(order)


def test_a_source_at_a_loss_is_used_if_no_other_has_the_quantity(light):
    _, seen = checked_cart(light, quantity=9)
    SupplierOffer.objects.filter(pk=light.level.offer_id).update(min_order_units=20)
    _, alone = checked_cart(light, quantity=9)

    assert levels(seen.plan) == [light.level.pk]
    assert (levels(alone.plan), alone.short) == ([light.quick.pk], ())


def test_a_discount_code_counts_before_routing_and_is_read_once(light):
    SupplierOffer.objects.filter(pk=light.quick.offer_id).update(cost_amount=D("25.00"))
    make_promotion(code="HALF", percent=D("0.50"), may_go_below_floor=True)
    cart, before = checked_cart(light)

    codes.apply_code(cart=cart, code="HALF", now=NOON)
    after = availability.check_cart(cart=cart, country="DE", now=NOON)
    filled = summarize(cart=cart, country="DE", now=NOON)

    assert levels(before.plan) == [light.quick.pk]
    assert levels(after.plan) == [light.level.pk]
    assert str(filled.totals.discount) == "20.00 EUR"
    with CaptureQueriesContext(connection) as ran:
        summarize(cart=cart, country="DE", now=NOON)
    assert sum('FROM "orders_coupon"' in each["sql"] for each in ran) == 1


def test_a_rejected_line_is_rerouted_to_a_profitable_source(monkeypatch):
    connect_without_holds(monkeypatch)
    listing = make_sellable()
    stock_at(listing, "quick", max_days=3, cost="34.00")
    stock_at(listing, "slow", max_days=6, cost="11.00")
    purchase_order = make_sent_purchase_order(listing)
    rule()

    reroute(purchase_order)

    assert [one.supplier.code for one in live()] == ["slow"]


def test_staff_see_the_loss_of_each_source_in_the_comparison(light):
    channel = make_channel()
    there = {"country": "DE", "channel": channel, "now": NOON}
    rules = quotes.routing_rules(channel, NOON)
    tried = cart_preview.preview(wanted={light.variant_id: 1}, rules=rules, **there)
    variant = Variant.objects.get(pk=light.variant_id)
    rows = source_comparison.compare_sources(variant=variant, quantity=1, **there)

    (taken, verdict, left), (_, reason, other) = tried.considered_sources(light.variant_id)
    assert (taken.level_id, verdict, reason) == (light.level.pk, SELECTED, MarginReason.LOSS)
    account = tried.line_margins[light.variant_id]
    assert left.spent == account.outlay.amount
    assert other.loss.amount > 0
    assert [row.verdict for row in rows] == [RouteStatus.SELECTED, MarginReason.LOSS]
    assert offer_comparison.reason_text(rows[1], quantity=1, more="") == (
        f"Would be sold at a loss of €{other.loss.amount}"
    )


@pytest.fixture
def heavy():
    """Two products too heavy for one parcel of their profitable source, not of another source."""
    rule()
    lights = [make_sellable(quantity=9, cost="10.00") for _ in range(2)]
    Variant.objects.update(packed_weight_g=1200)
    make_service(min_days=9, max_days=20, countries=["DE"])
    dear = stock_at(lights[0], "dear", quantity=9, cost="34.00")
    offer = make_offer(lights[1].variant, supplier=dear.offer.supplier, cost="34.00")
    make_level(offer, 9, dear.location)
    ShippingService.objects.filter(location=dear.location).update(max_weight_g=9000)
    return lights, dear.location


def places(plan):
    return [parcel.location_id for parcel in plan.parcels]


def test_lines_too_heavy_together_ship_from_a_source_that_takes_both(
    heavy, django_assert_num_queries
):
    lights, dear = heavy
    alone = availability.check_cart(cart=make_cart(lights[0]), country="DE", now=NOON)
    cart = make_cart(*lights)

    with django_assert_num_queries(1):  # the cart with its stock, as for one line
        both = availability.check_cart(cart=cart, country="DE", now=NOON)

    assert places(alone.plan) == [lights[0].level.location_id]
    assert places(both.plan) == [dear.pk]
    assert both.plan.rules.min_margin_rate is not None
    assert summarize(cart=cart, country="DE", now=NOON).quotes


def test_lines_no_source_takes_together_stay_at_the_profitable_one(heavy):
    lights, _ = heavy
    ShippingService.objects.update(max_weight_g=2000)

    both = availability.check_cart(cart=make_cart(*lights), country="DE", now=NOON)

    assert places(both.plan) == [lights[0].level.location_id]
