"""Split rerouting: a rejected line that no single source can ship is split over several."""

from datetime import timedelta
from decimal import Decimal

import pytest

from catalog.models import Channel, Listing
from notifications.models import Event
from orders.models import Allocation, Backorder, Order, OrderLine
from orders.purchasing import submission
from shipping.rates import quotes
from shipping.rerouting import customer_choice, purchase, rerouting, search
from suppliers.connectors.records import OutOfStockError
from suppliers.models import StockLevel
from tests.factories.backorders import (
    acknowledge,
    gateway_requests,
    live,
    quantities_by_supplier,
    refuse,
    reroute,
    reroute_due,
    stock_at,
    violated_invariants,
)
from tests.factories.catalog import make_channel
from tests.factories.orders import make_order, make_purchase_orders, make_sellable
from tests.factories.shipping import make_sent_purchase_order, make_service
from tests.factories.suppliers import NOON, make_level, make_location

pytestmark = pytest.mark.django_db

LATER = NOON + timedelta(hours=1)
PRICE = Decimal("39.99")


@pytest.fixture
def shop(supplier):
    """The supplier; a line may be split over two sources."""
    Channel.objects.filter(pk=make_channel().pk).update(max_split_locations=2)
    return supplier


def order_ten(*quantities, **more):
    """Order ten units of a product; each other supplier stocks one of the quantities ``quantities``."""
    listing = make_sellable(quantity=10, **more)
    for place, quantity in enumerate(quantities):
        stock_at(listing, f"other{place}", quantity=quantity)
    return listing, make_sent_purchase_order(listing, quantity=10)


def test_ten_rejected_units_ship_as_six_and_four(shop):
    listing, purchase_order = order_ten(6, 4)
    order = purchase_order.order

    reroute(purchase_order)

    assert quantities_by_supplier() == [("other0", 6), ("other1", 4)]
    assert sum(order.lines.values_list("quantity", flat=True)) == 10
    mine = StockLevel.objects.filter(offer__variant=listing.variant)
    assert [level.available for level in mine] == [0, 0, 0]
    open_ones = Allocation.objects.filter(status="unseen").order_by("quantity")
    held = open_ones.values_list("level__offer__supplier__code", "quantity")
    assert list(held) == [("other1", 4), ("other0", 6)]
    assert sum(made.customer_charge_amount for made in live()) == order.total_amount
    assert Backorder.objects.get().status == "rerouted"
    assert gateway_requests() == []
    assert not Event.objects.filter(name__in=["order.lines_canceled", "order.backorder_choice"])
    for made in live():
        submission.submit(purchase_order=made, now=LATER)
    assert violated_invariants() == []
    assert sum(amount for _, amount in gateway_requests()) == order.total_amount


@pytest.mark.parametrize("places", [1, 2])
def test_the_split_limit_of_the_channel_applies(shop, places):
    Channel.objects.update(max_split_locations=places)
    _, purchase_order = order_ten(*((6, 4) if places == 1 else (4, 3, 3)))

    reroute(purchase_order)

    assert quantities_by_supplier() == []
    assert OrderLine.objects.count() == 1
    assert Order.objects.get().status == "canceled"
    assert gateway_requests() == [("void_requested", purchase_order.order.total_amount)]


def test_a_whole_source_is_preferred_to_two_parts(shop):
    _, purchase_order = order_ten(6, 4, 10)

    reroute(purchase_order)

    assert quantities_by_supplier() == [("other2", 10)]


def test_whole_and_split_lines_are_allocated_in_one_call_and_delivery_is_paid_once(
    shop, monkeypatch
):
    ten, two = make_sellable(quantity=10), make_sellable(price="19.99", quantity=10)
    for code, quantity in (("other0", 6), ("other1", 4)):
        stock_at(ten, code, quantity=quantity)
    stock_at(two, "other2", quantity=10)
    purchase_order = make_sent_purchase_order(ten, two, quantity=10)
    order = purchase_order.order
    taken = []
    take = purchase.allocations.allocate_from
    monkeypatch.setattr(
        purchase.allocations,
        "allocate_from",
        lambda *, levels, **more: (taken.append(len(levels)), take(levels=levels, **more)),
    )

    reroute(purchase_order)

    assert taken == [3], "two calls in one transaction would lock rows in an inconsistent order"
    assert quantities_by_supplier() == [("other0", 6), ("other1", 4), ("other2", 10)]
    charged = {made.supplier.code: made.customer_charge_amount for made in live()}
    goods = {"other0": 6 * PRICE, "other1": 4 * PRICE, "other2": 10 * Decimal("19.99")}
    way = order.total_amount - sum(goods.values())
    assert way > 0
    assert charged == {**goods, "other2": goods["other2"] + way}
    assert sorted(Backorder.objects.values_list("status", flat=True)) == ["rerouted", "rerouted"]


def test_a_rejected_part_is_rerouted_separately(shop):
    listing, purchase_order = order_ten(6, 4)
    reroute(purchase_order)
    stock_at(listing, "third", quantity=4)
    quotes.clear_cache()
    (four,) = [made for made in live() if made.supplier.code == "other1"]
    shop.script = [OutOfStockError("none left")]

    submission.submit(purchase_order=four, now=LATER)
    reroute_due(LATER)

    assert violated_invariants() == []
    assert quantities_by_supplier() == [("other0", 6), ("third", 4)]


def test_a_supplier_that_rejected_a_line_gets_no_part_of_it(shop):
    """The rejection also excludes the supplier's other location for the split part."""
    listing, purchase_order = order_ten(6, 4)
    place = make_location(listing.level.offer.supplier, "PL", "PL")
    make_level(listing.level.offer, 10, place)
    make_service(place, countries=["DE"])
    quotes.clear_cache()
    lines = [one.order_line for one in purchase_order.lines.all()]
    acknowledge(purchase_order, refused=lines, code="undeliverable")
    reroute_due()
    assert quantities_by_supplier() == [("other0", 6), ("other1", 4)]
    (six,) = [made for made in live() if made.supplier.code == "other0"]

    shop.script = [OutOfStockError("none left")]
    submission.submit(purchase_order=six, now=LATER)
    reroute_due(LATER)

    assert violated_invariants() == []
    assert quantities_by_supplier() == [("other1", 4)]
    assert gateway_requests() == [("void_requested", six.customer_charge_amount)]


def test_a_supplier_that_rejected_one_part_is_not_asked_for_another(shop):
    """The line was split at checkout; the rejection excludes the supplier for the other part."""
    listing = make_sellable(quantity=6)
    make_service(listing.level.location, countries=["DE"])
    stock_at(listing, quantity=4)
    Listing.objects.update(available=10)
    quotes.clear_cache()
    six, four = make_purchase_orders(Listing.objects.get(), quantity=10)
    offer = listing.level.offer
    place = make_location(offer.supplier, "PL", "PL")
    make_service(make_level(offer, 4, place).location, countries=["DE"])
    quotes.clear_cache()
    for made in (six, four):
        made.move("ready", at=NOON)
        made.move("submitting", at=NOON, status_field="submission_status")
        acknowledge(made, refused=[made.lines.get().order_line], code="undeliverable")

    reroute_due()

    assert violated_invariants() == []
    assert quantities_by_supplier() == []
    assert Order.objects.get().status == "canceled"


@pytest.mark.parametrize("choice", ["wait", "refund"])
def test_late_parts_are_asked_about_once_and_both_reserved(shop, choice):
    listing = make_sellable(quantity=10)
    for code, quantity in (("other0", 6), ("other1", 4)):
        stock_at(listing, code, quantity=quantity, max_days=20)
    purchase_order = make_sent_purchase_order(listing, quantity=10)
    order = purchase_order.order
    reroute(purchase_order)

    backorder = Backorder.objects.select_related("order__channel").get()
    assert violated_invariants() == []
    assert (backorder.status, backorder.choices) == ("asked", ["wait", "refund"])
    assert quantities_by_supplier() == []
    mine = StockLevel.objects.filter(offer__variant=listing.variant)
    assert [level.available for level in mine] == [0, 0, 0]
    (event,) = Event.objects.filter(name="order.backorder_choice")
    assert event.payload["amount"] == str(order.total_amount)

    customer_choice.apply(
        backorder=backorder, choice=Backorder.Choice(choice), actor="customer", now=LATER
    )

    assert violated_invariants() == []
    if choice == "wait":
        assert quantities_by_supplier() == [("other0", 6), ("other1", 4)]
        assert sum(made.customer_charge_amount for made in live()) == order.total_amount
    else:
        assert quantities_by_supplier() == []
        assert Order.objects.get().status == "canceled"
        assert gateway_requests() == [("void_requested", order.total_amount)]


def test_a_lost_race_for_one_part_leaves_the_line_unchanged(shop, monkeypatch):
    listing, purchase_order = order_ten(6, 4)
    refuse(purchase_order)
    find = search.find_source

    def outrun(*args, **options):
        seen = find(*args, **options)
        if options["is_divided"] and Order.objects.count() == 1:
            make_order(listing, email="other@example.org")
        return seen

    monkeypatch.setattr(search, "find_source", outrun)
    reroute_due()

    assert violated_invariants() == []
    assert OrderLine.objects.get(order=purchase_order.order).quantity == 10
    backorder = Backorder.objects.get()
    assert (backorder.status, backorder.retry_at) == ("open", NOON + rerouting.RETRY_AFTER)
    assert not Allocation.objects.exclude(status="released").exists()

    reroute_due(NOON + rerouting.RETRY_AFTER)  # nine are left
    assert violated_invariants() == []
    assert gateway_requests() == [("void_requested", purchase_order.order.total_amount)]
