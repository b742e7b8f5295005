"""Split lines: sell ten units from two sources, reserve, order, simulate and release them."""

from decimal import Decimal

import pytest

from catalog.models import Channel, Listing, Variant
from orders import admin_columns
from orders.cart import carts
from orders.checkout import checkout
from orders.enums import Criterion
from orders.models import Order, PurchaseLine, Reservation
from orders.purchasing import submission
from orders.routing import simulation
from orders.routing.margin_filter import SaleAmount
from orders.routing.ranking import Rules
from shipping.availability import availability, cart_preview, source_comparison
from shipping.availability.cart_summary import summarize
from shipping.rates import quotes
from storefront.dashboard.reports import offer_comparison
from storefront.lib.money import Money
from suppliers.inventory import confirmations, publication
from suppliers.models import PendingPublication, ShippingService, StockLevel
from tests.factories.backorders import stock_at, violated_invariants
from tests.factories.catalog import make_channel
from tests.factories.orders import HOME, make_cart, make_sellable, pay
from tests.factories.promotions import make_promotion
from tests.factories.scripted_supplier import ScriptedSupplier, connect
from tests.factories.shipping import make_service
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def light(monkeypatch):
    connect(monkeypatch, ScriptedSupplier())
    Channel.objects.filter(pk=make_channel().pk).update(max_split_locations=2)
    listing = make_sellable(quantity=6, price="39.99")
    make_service(countries=["DE"])
    listing.there = stock_at(listing, quantity=4)
    Listing.objects.filter(pk=listing.pk).update(available=10)
    quotes.clear_cache()
    return Listing.objects.get(pk=listing.pk)


def checked_cart(light, quantity=10):
    cart = make_cart(light, quantity=quantity)
    return cart, availability.check_cart(cart=cart, country="DE", now=NOON)


def placed(light, quantity=10):
    cart, seen = checked_cart(light, quantity)
    quote = min(
        quotes.quote_plan(plan=seen.plan, country="DE", now=NOON, pieces=seen.pieces),
        key=quotes.sort_key,
    )
    return checkout.place(
        cart=cart, email="erika@example.org", ship_to=HOME, quote=quote, now=NOON
    ).order


def test_pages_offer_ten_and_the_cart_shows_both_parcels(light):
    there = {"country": "DE", "channel": light.channel, "now": NOON}
    variants = availability.check_variants(variant_ids=[light.variant_id], quantity=10, **there)
    one = variants[light.variant_id]
    cart, _ = checked_cart(light)
    filled = summarize(cart=cart, country="DE", now=NOON)

    assert (one.most, one.fewer, one.more) == (10, 10, 10)
    assert one.promise.price == filled.quote.price  # of both parcels
    assert [
        [(each.quantity, each.is_first, each.is_part) for each in parcel.contents]
        for parcel in filled.parcels
    ] == [[(6, True, True)], [(4, False, True)]]
    assert filled.totals.subtotal == Money(Decimal("399.90"), "EUR")


def test_a_channel_without_split_lines_sells_the_largest_source(light):
    Channel.objects.update(max_split_locations=1)
    channel = Channel.objects.get()
    there = {"country": "DE", "channel": channel, "now": NOON}

    variants = availability.check_variants(variant_ids=[light.variant_id], quantity=7, **there)

    assert variants[light.variant_id].most == 6
    assert variants[light.variant_id].promise is None


def test_a_changed_split_limit_is_published_at_the_next_run(light):
    publication.publish(variant_ids=[light.variant_id], now=NOON)
    assert Listing.objects.get().available == 10
    confirmations.queue_aged(now=NOON)
    PendingPublication.objects.all().delete()

    Channel.objects.update(max_split_locations=1)
    confirmations.queue_aged(now=NOON)
    publication.publish_pending(now=NOON)

    assert Listing.objects.get().available == 6
    confirmations.queue_aged(now=NOON)
    assert not PendingPublication.objects.exists()


def test_each_source_reserves_and_receives_its_part(light):
    order = placed(light)

    lines = order.lines.order_by("pk")
    levels = StockLevel.objects.order_by("pk").values_list("pk", flat=True)
    assert [(line.level_id, line.quantity) for line in lines] == list(
        zip(levels, (6, 4), strict=True)
    )
    assert [line.split_from for line in lines] == [None, None]
    assert sum(line.line_amount for line in lines) == Decimal("399.90")
    assert list(Reservation.objects.order_by("pk").values_list("quantity", flat=True)) == [6, 4]
    assert list(StockLevel.objects.order_by("pk").values_list("reserved", flat=True)) == [6, 4]
    assert violated_invariants() == []

    made = submission.create_purchase_orders(order=pay(order), now=NOON)

    assert list(PurchaseLine.objects.order_by("pk").values_list("quantity", flat=True)) == [6, 4]
    assert sum(each.customer_charge_amount for each in made) == order.total_amount
    assert violated_invariants() == []


def test_an_empty_source_blocks_the_sale(light):
    cart, seen = checked_cart(light)
    (quote, *_) = quotes.quote_plan(plan=seen.plan, country="DE", now=NOON, pieces=seen.pieces)
    StockLevel.objects.order_by("-pk").update(reported_quantity=3)

    with pytest.raises(checkout.UnavailableError):
        checkout.place(cart=cart, email="erika@example.org", ship_to=HOME, quote=quote, now=NOON)

    assert not Order.objects.exists()
    assert set(StockLevel.objects.values_list("reserved", flat=True)) == {0}


def test_an_unpaid_order_releases_both_parts(light):
    order = placed(light)

    assert checkout.expire(order=order, now=order.payment_due_at)

    assert set(StockLevel.objects.values_list("reserved", flat=True)) == {0}
    assert violated_invariants() == []


@pytest.mark.parametrize("cents", [1, 333, 1999])
def test_discount_and_tax_are_split_to_the_cent(light, cents):
    Listing.objects.update(floor_amount=0)
    make_promotion(kind="amount", amount=Decimal(cents) / 100, percent=0)
    order = placed(light)

    lines = list(order.lines.all())
    assert sum(line.discount_amount for line in lines) == order.discount_amount
    assert order.discount_amount == Decimal(cents) / 100
    ways = sum(Decimal(entry["tax"]) for entry in order.delivery_plan)
    assert sum(line.tax_amount for line in lines) + ways == order.tax_amount
    assert sum(line.customer_charge_amount for line in lines) == 10 * light.price_amount - (
        order.discount_amount
    )


def test_staff_see_the_quantity_per_source(light):
    found = source_comparison.compare_sources(
        variant=light.variant, quantity=10, country="DE", channel=light.channel, now=NOON
    )
    preview = cart_preview.preview(
        wanted={light.variant_id: 10}, channel=light.channel, country="DE", rules=Rules(), now=NOON
    )
    words = admin_columns.routing_decision(placed(light))

    assert "lumen (DE): 6 units" in words
    assert "other (PL): 4 units" in words
    assert [offer_comparison.reason_text(one, quantity=10, more="") for one in found] == [
        "6 selected: no supplier has all without a loss",
        "4 selected: no supplier has all without a loss",
    ]
    assert [verdict for _, verdict, _ in preview.considered_sources(light.variant_id)] == [
        "selected",
        "selected",
    ]
    paid = SaleAmount(gross=Money(Decimal("399.90"), "EUR"), tax_rate=Decimal("0.19"))
    assert preview.line_margins[light.variant_id].net == paid.net


def test_a_split_order_is_simulated_as_it_was_placed(light):
    placed(light)
    orders = Order.objects.prefetch_related("lines")

    found = simulation.simulate(
        rules=Rules(criteria=(Criterion.PARCELS, Criterion.COST)), orders=orders, currency="EUR"
    )

    assert (found.count, found.changed) == (1, [])
    assert found.before == found.after
    assert found.before.parcels == 2
    assert found.before.cost > 100


def test_a_part_too_heavy_for_its_parcel_is_refused_with_the_possible_quantity(light):
    other = make_sellable(quantity=5, price="9.99")
    move_to_the_same_location(other, light)
    Variant.objects.update(packed_weight_g=1000)
    ShippingService.objects.update(max_weight_g=6000, countries=["DE"])
    quotes.clear_cache()
    cart = make_cart(light, quantity=10)
    carts.add(cart=cart, listing_id=other.pk, quantity=3, now=NOON)

    seen = availability.check_cart(cart=cart, country="DE", now=NOON)

    (short,) = seen.short
    assert (short.line.variant_id, short.line.available) == (light.variant_id, 6)
    assert summarize(cart=cart, country="DE", now=NOON).can_be_ordered is False


def test_an_undeliverable_line_does_not_prevent_a_split(light):
    restricted = make_sellable(quantity=5, price="9.99")
    move_to_the_same_location(restricted, light)
    restricted.variant.product.restricted_countries = ["DE"]
    restricted.variant.product.save()
    cart = make_cart(light, quantity=10)
    carts.add(cart=cart, listing_id=restricted.pk, quantity=1, now=NOON)

    seen = availability.check_cart(cart=cart, country="DE", now=NOON)

    line = next(one for one in seen.cart.lines if one.variant_id == light.variant_id)
    assert (line.available, line.is_short) == (10, False)


def move_to_the_same_location(listing, light):
    """Move a product to the location where the part of the other product fills a parcel."""
    StockLevel.objects.filter(pk=listing.level.pk).update(
        location=StockLevel.objects.get(offer__variant=light.variant, location__code="DE").location
    )
