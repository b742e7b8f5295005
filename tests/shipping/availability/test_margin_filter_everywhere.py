"""Pages, carts and orders avoid a source that loses money while another has stock."""

from __future__ import annotations

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
from orders.routing.decision_log import TAKEN
from orders.routing.margin_filter import Unearning
from shipping.availability import availability, cart_preview, source_comparison
from shipping.availability.source_comparison import Way
from shipping.rates import quotes
from storefront.dashboard.reports import offer_comparison
from storefront.web.cart.summary import fill
from suppliers.models import SupplierOffer
from tests.factories.backorders import also_at, live, look_everywhere, refuse
from tests.factories.catalog import make_channel
from tests.factories.orders import HOME, make_cart, make_sellable, pay
from tests.factories.promotions import make_promotion
from tests.factories.scripted_supplier import ScriptedSupplier, connect
from tests.factories.shipping import make_sent_purchase_order, make_service
from tests.factories.suppliers import NOON
from tests.shipping.availability.test_availability_lists import listed

pytestmark = pytest.mark.django_db

D = Decimal
SOONEST = (Criterion.DAYS, Criterion.COST)


def rule(**more):
    """Put a live rule set that prefers the fastest source."""
    made = rules.draft(channel=make_channel(), chain=SOONEST, by="ada", now=NOON, **more)
    rules.go_live(rules=made, by="ada", now=NOON)
    quotes.forget()
    return made


@pytest.fixture
def light():
    """A light at two suppliers: one cheap and slow, one fast and too expensive for its price."""
    rule()
    listing = make_sellable(quantity=9, cost="10.00")
    make_service(min_days=9, max_days=20, countries=["DE"])
    listing.quick = also_at(listing, "quick", quantity=9, max_days=2, cost="34.00")
    return listing


def looked(light, quantity=1, **more):
    cart = make_cart(light, quantity=quantity, **more)
    return cart, availability.look(cart=cart, country="DE", now=NOON)


def levels(plan):
    return [line.candidate.level_id for parts in plan.planned.values() for line in parts]


def placed(light):
    cart, seen = looked(light)
    (quote,) = quotes.for_plan(plan=seen.plan, country="DE", now=NOON, pieces=seen.pieces)
    return checkout.place(
        cart=cart, email="erika@example.org", ship_to=HOME, quote=quote, now=NOON
    ).order


def noted(order, light):
    return {one["level"]: one["verdict"] for one in order.routed_by["lines"][str(light.variant_id)]}


def test_pages_carts_and_cards_prefer_the_profitable_source(light):
    there = {"country": "DE", "channel": light.channel, "now": NOON}
    _, seen = looked(light)
    told = availability.availability(variant_ids=[light.variant_id], **there)[light.variant_id]
    card = listed(light, available=9)

    assert levels(seen.plan) == [light.level.pk]
    assert told.promise == card.promise
    assert told.promise.country_from == "DE"
    assert (told.most, card.most) == (9, 9)
    dearer = listed(light, available=9, price_amount=D("59.99"))  # covers the cost of the fast one
    assert dearer.promise.country_from == "PL"


def test_an_order_logs_an_excluded_source_and_its_loss(light):
    order = placed(light)

    said = admin_columns.routed_by(order)
    assert noted(order, light) == {light.level.pk: TAKEN, light.quick.pk: Unearning.LOSES}
    # 39.99 is 33.61 before tax; 34.00 of cost plus fees is more
    loses = D(order.routed_by["lines"][str(light.variant_id)][1]["spent"]) - D("33.61")
    assert f"quick (PL), €36.00: sells at a loss of €{loses:.2f}" in said
    with translation.override("az"):
        assert "zərərlə satılır" in admin_columns.routed_by(order)


def test_rules_without_a_minimum_margin_sell_at_a_loss_and_log_it(light):
    rule(least_margin_rate=None)

    order = placed(light)

    assert noted(order, light)[light.quick.pk] == TAKEN
    assert "the rules have no minimum margin" in admin_columns.routed_by(order)


def test_if_all_sources_lose_the_order_is_placed_and_held(light, monkeypatch):
    supplier = connect(monkeypatch, ScriptedSupplier())
    SupplierOffer.objects.filter(pk=light.level.offer_id).update(cost_amount=D("36.00"))

    assert listed(light, available=9).most == 9
    order = pay(placed(light))
    (purchase_order,) = submission.divide(order=order, now=NOON)
    held = submission.send(purchase_order=purchase_order, now=NOON)

    assert noted(order, light) == {light.quick.pk: TAKEN, light.level.pk: Unearning.LOSES}
    assert "no other location loses less" in admin_columns.routed_by(order)
    assert held.status == "on_hold"
    assert "margin" in {one["code"] for one in held.hold_reasons}
    assert supplier.effects == []


def test_a_single_source_at_a_loss_is_logged(light):
    SupplierOffer.objects.filter(pk=light.level.offer_id).update(status="gone")

    order = placed(light)

    assert noted(order, light) == {light.quick.pk: TAKEN}
    assert "Selected at a loss of" in admin_columns.routed_by(order)


def test_a_source_at_a_loss_is_used_if_no_other_has_the_quantity(light):
    _, seen = looked(light, quantity=9)
    SupplierOffer.objects.filter(pk=light.level.offer_id).update(minimum_quantity=20)
    _, alone = looked(light, quantity=9)

    assert levels(seen.plan) == [light.level.pk]
    assert (levels(alone.plan), alone.short) == ([light.quick.pk], ())


def test_a_discount_code_counts_before_routing_and_is_read_once(light):
    SupplierOffer.objects.filter(pk=light.quick.offer_id).update(cost_amount=D("25.00"))
    make_promotion(code="HALF", percent=D("0.50"), may_go_below_floor=True)
    cart, before = looked(light)

    codes.write_code(cart=cart, code="HALF", now=NOON)
    after = availability.look(cart=cart, country="DE", now=NOON)
    filled = fill(cart=cart, country="DE", now=NOON)

    assert levels(before.plan) == [light.quick.pk]
    assert levels(after.plan) == [light.level.pk]
    assert str(filled.totals.discount) == "20.00 EUR"
    with CaptureQueriesContext(connection) as ran:
        fill(cart=cart, country="DE", now=NOON)
    assert sum('FROM "orders_coupon"' in each["sql"] for each in ran) == 1


def test_the_margin_filter_needs_no_extra_query(light, django_assert_num_queries):
    cart, _ = looked(light)  # costs, rates and tax are cached for a minute

    with django_assert_num_queries(2):  # the cart, and the stock
        availability.look(cart=cart, country="DE", now=NOON)


def test_a_rejected_line_is_rerouted_to_a_profitable_source(monkeypatch):
    monkeypatch.setattr(submission, "check", lambda **_: [])
    connect(monkeypatch, ScriptedSupplier())
    listing = make_sellable()
    also_at(listing, "quick", max_days=3, cost="34.00")
    also_at(listing, "slow", max_days=6, cost="11.00")
    purchase_order = make_sent_purchase_order(listing)
    rule()

    refuse(purchase_order)
    look_everywhere()

    assert [one.supplier.code for one in live()] == ["slow"]


def test_staff_see_the_loss_of_each_source_in_the_comparison(light):
    channel = make_channel()
    there = {"country": "DE", "channel": channel, "now": NOON}
    rules = quotes.rules_of(channel, NOON)
    tried = cart_preview.preview(wanted={light.variant_id: 1}, rules=rules, **there)
    variant = Variant.objects.get(pk=light.variant_id)
    rows = source_comparison.compare(variant=variant, quantity=1, **there)

    (taken, verdict, left), (_, reason, other) = tried.weighed(light.variant_id)
    assert (taken.level_id, verdict, reason) == (light.level.pk, TAKEN, Unearning.LOSES)
    account = tried.accounts[light.variant_id]
    assert left.spent == account.outlay.amount
    assert other.loss.amount > 0
    assert [row.verdict for row in rows] == [Way.TAKEN, Unearning.LOSES]
    assert offer_comparison.why(rows[1], quantity=1, more="") == (
        f"Would be sold at a loss of €{other.loss.amount}"
    )
