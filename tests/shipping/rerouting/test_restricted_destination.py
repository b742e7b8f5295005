"""Restricted destinations: a restricted item is neither rerouted there nor offered as a substitute."""

import pytest

from catalog.models import Product
from orders.models import Backorder, PurchaseOrder
from orders.purchasing import submission
from orders.purchasing.holds import facts
from orders.routing.ranking import DEFAULT_RULES
from shipping.availability import cart_preview, source_comparison
from shipping.availability.source_comparison import RouteStatus
from shipping.rerouting import customer_choice
from tests.factories.backorders import gateway_requests, live, reroute, stock_at
from tests.factories.orders import make_sellable
from tests.factories.shipping import make_sent_purchase_order, make_service
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db


def restrict(listing, *countries):
    Product.objects.filter(pk=listing.variant.product_id).update(
        restricted_countries=list(countries)
    )


def test_an_item_that_became_restricted_is_refunded_not_rerouted(supplier):
    listing = make_sellable()
    stock_at(listing)
    purchase_order = make_sent_purchase_order(listing)
    restrict(listing, "DE")

    reroute(purchase_order)

    assert live() == []
    assert [kind for kind, _ in gateway_requests()] == ["void_requested"]


@pytest.mark.parametrize(("countries", "offered"), [(["FR"], True), (["DE"], False)])
def test_a_restricted_substitute_is_not_offered(supplier, countries, offered):
    listing, newer = make_sellable(), make_sellable(price="44.99")
    make_service(max_days=6)
    type(listing.variant).objects.filter(pk=listing.variant_id).update(replaced_by=newer.variant)
    restrict(newer, *countries)
    reroute(make_sent_purchase_order(listing))

    found = Backorder.objects.get()
    assert ("substitute" in found.choices) is offered


@pytest.mark.parametrize("is_newer_restricted", [True, False])
def test_hold_rules_check_the_ordered_item_not_the_sold_one(
    supplier, monkeypatch, is_newer_restricted
):
    """After consent to a substitute, the substitute or the item sold becomes restricted."""
    listing, newer = make_sellable(), make_sellable(price="44.99", quantity=0)
    stock_at(newer)
    type(listing.variant).objects.filter(pk=listing.variant_id).update(replaced_by=newer.variant)
    reroute(make_sent_purchase_order(listing))
    backorder = Backorder.objects.select_related("order__channel").get()
    customer_choice.apply(
        backorder=backorder, choice=Backorder.Choice.SUBSTITUTE, actor="customer", now=NOON
    )
    restrict(newer if is_newer_restricted else listing, "DE")
    (made,) = live()
    monkeypatch.setattr(
        submission, "evaluate_purchase_order", facts.evaluate_purchase_order
    )  # the real check
    known = len(supplier.effects)

    submission.submit(purchase_order=made, now=NOON)

    made = PurchaseOrder.objects.get(pk=made.pk)
    assert (made.status == "on_hold") is is_newer_restricted
    assert (len(supplier.effects) == known) is is_newer_restricted
    said = [(each["code"], each["subject"]) for each in made.hold_reasons]
    assert said == ([("restricted", f"{newer.variant.sku}: DE")] if is_newer_restricted else [])
    title = newer.variant.product.title
    assert all(each["sentence"].startswith(title) for each in made.hold_reasons)


def test_staff_see_why_an_item_cannot_be_sent():
    listing = make_sellable()
    make_service()
    listing.variant.refresh_from_db()
    restrict(listing, "DE")
    there = {"country": "DE", "channel": listing.channel, "now": NOON}

    (row,) = source_comparison.compare_sources(variant=listing.variant, quantity=1, **there)
    seen = cart_preview.preview(wanted={listing.variant_id: 1}, rules=DEFAULT_RULES, **there)

    assert row.verdict == RouteStatus.NOT_CARRIED
    assert [row.sentence] == [one.sentence for one in seen.reasons]
    assert "not allowed" in row.sentence
    assert not seen.quotes
