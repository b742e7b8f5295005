"""A rejected line without a whole source is split over several."""

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
    also_at,
    asked,
    broken,
    came,
    live,
    look_everywhere,
    refuse,
    reroute,
    tell,
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
    """A shop that splits lines over two sources, and a supplier with an order of ten."""
    Channel.objects.filter(pk=make_channel().pk).update(max_split_locations=2)
    return supplier


def wanted_ten(*shelves, **more):
    """Order ten of a light that others have too; its supplier answers for all of it."""
    listing = make_sellable(quantity=10, **more)
    for place, quantity in enumerate(shelves):
        also_at(listing, f"other{place}", quantity=quantity)
    return listing, make_sent_purchase_order(listing, quantity=10)


def test_ten_rejected_units_ship_as_six_and_four_each_reserved_and_charged_once(shop):
    listing, purchase_order = wanted_ten(6, 4)
    order = purchase_order.order

    reroute(purchase_order)

    assert came() == [("other0", 6), ("other1", 4)]
    assert sum(order.lines.values_list("quantity", flat=True)) == 10
    mine = StockLevel.objects.filter(offer__variant=listing.variant)
    assert [level.available for level in mine] == [0, 0, 0]
    open_ones = Allocation.objects.filter(status="unseen").order_by("quantity")
    held = open_ones.values_list("level__offer__supplier__code", "quantity")
    assert list(held) == [("other1", 4), ("other0", 6)]
    assert sum(made.customer_charge_amount for made in live()) == order.total_amount
    assert Backorder.objects.get().status == "rerouted"
    assert asked() == []
    assert not Event.objects.filter(name__in=["order.lines_canceled", "order.backorder_choice"])
    for made in live():
        submission.submit(purchase_order=made, now=LATER)
    assert broken() == []
    assert sum(amount for _, amount in asked()) == order.total_amount


@pytest.mark.parametrize("places", [1, 2])
def test_the_split_limit_of_the_channel_applies(shop, places):
    Channel.objects.update(max_split_locations=places)
    _, purchase_order = wanted_ten(*((6, 4) if places == 1 else (4, 3, 3)))

    reroute(purchase_order)

    assert came() == []
    assert OrderLine.objects.count() == 1
    assert Order.objects.get().status == "canceled"
    assert asked() == [("void_requested", purchase_order.order.total_amount)]


def test_a_whole_source_is_preferred_to_two_parts(shop):
    _, purchase_order = wanted_ten(6, 4, 10)

    reroute(purchase_order)

    assert came() == [("other2", 10)]


def test_whole_lines_ship_first_reserved_in_one_call_and_delivery_is_paid_once(shop, monkeypatch):
    ten, two = make_sellable(quantity=10), make_sellable(price="19.99", quantity=10)
    for code, quantity in (("other0", 6), ("other1", 4)):
        also_at(ten, code, quantity=quantity)
    also_at(two, "other2", quantity=10)
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
    assert came() == [("other0", 6), ("other1", 4), ("other2", 10)]
    charged = {made.supplier.code: made.customer_charge_amount for made in live()}
    goods = {"other0": 6 * PRICE, "other1": 4 * PRICE, "other2": 10 * Decimal("19.99")}
    way = order.total_amount - sum(goods.values())
    assert way > 0
    assert charged == {**goods, "other2": goods["other2"] + way}
    assert sorted(Backorder.objects.values_list("status", flat=True)) == ["rerouted", "rerouted"]


def test_a_rejected_part_is_rerouted_by_itself(shop):
    listing, purchase_order = wanted_ten(6, 4)
    reroute(purchase_order)
    also_at(listing, "third", quantity=4)
    quotes.clear_cache()
    (four,) = [made for made in live() if made.supplier.code == "other1"]
    shop.script = [OutOfStockError("none left")]

    submission.submit(purchase_order=four, now=LATER)
    look_everywhere(LATER)

    assert broken() == []
    assert came() == [("other0", 6), ("third", 4)]


def test_a_supplier_that_rejected_a_line_gets_no_part_of_it(shop):
    """The rejection also excludes the supplier's other warehouse for the split part."""
    listing, purchase_order = wanted_ten(6, 4)
    place = make_location(listing.level.offer.supplier, "PL", "PL")
    make_level(listing.level.offer, 10, place)
    make_service(place, countries=["DE"])
    quotes.clear_cache()
    lines = [one.order_line for one in purchase_order.lines.all()]
    tell(purchase_order, refused=lines, code="undeliverable")
    look_everywhere()
    assert came() == [("other0", 6), ("other1", 4)]
    (six,) = [made for made in live() if made.supplier.code == "other0"]

    shop.script = [OutOfStockError("none left")]
    submission.submit(purchase_order=six, now=LATER)
    look_everywhere(LATER)

    assert broken() == []
    assert came() == [("other1", 4)]
    assert asked() == [("void_requested", six.customer_charge_amount)]


def test_a_supplier_that_rejected_one_part_is_not_asked_for_another(shop):
    """The line was split at checkout; the rejection excludes the supplier for the other part."""
    listing = make_sellable(quantity=6)
    make_service(listing.level.location, countries=["DE"])
    also_at(listing, quantity=4)
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
        tell(made, refused=[made.lines.get().order_line], code="undeliverable")

    look_everywhere()

    assert broken() == []
    assert came() == []
    assert Order.objects.get().status == "canceled"


@pytest.mark.parametrize("choice", ["wait", "refund"])
def test_late_parts_are_asked_about_once_and_both_reserved(shop, choice):
    listing = make_sellable(quantity=10)
    for code, quantity in (("other0", 6), ("other1", 4)):
        also_at(listing, code, quantity=quantity, max_days=20)
    purchase_order = make_sent_purchase_order(listing, quantity=10)
    order = purchase_order.order
    reroute(purchase_order)

    backorder = Backorder.objects.select_related("order__channel").get()
    assert broken() == []
    assert (backorder.status, backorder.choices) == ("asked", ["wait", "refund"])
    assert came() == []
    mine = StockLevel.objects.filter(offer__variant=listing.variant)
    assert [level.available for level in mine] == [0, 0, 0]
    (event,) = Event.objects.filter(name="order.backorder_choice")
    assert event.payload["amount"] == str(order.total_amount)

    customer_choice.apply(
        backorder=backorder, choice=Backorder.Choice(choice), actor="customer", now=LATER
    )

    assert broken() == []
    if choice == "wait":
        assert came() == [("other0", 6), ("other1", 4)]
        assert sum(made.customer_charge_amount for made in live()) == order.total_amount
    else:
        assert came() == []
        assert Order.objects.get().status == "canceled"
        assert asked() == [("void_requested", order.total_amount)]


def test_a_lost_race_for_one_part_leaves_the_line_unchanged(shop, monkeypatch):
    listing, purchase_order = wanted_ten(6, 4)
    refuse(purchase_order)
    find = search.find_source

    def outrun(*args, **options):
        seen = find(*args, **options)
        if options["is_divided"] and Order.objects.count() == 1:
            make_order(listing, email="other@example.org")
        return seen

    monkeypatch.setattr(search, "find_source", outrun)
    look_everywhere()

    assert broken() == []
    assert OrderLine.objects.get(order=purchase_order.order).quantity == 10
    backorder = Backorder.objects.get()
    assert (backorder.status, backorder.retry_at) == ("open", NOON + rerouting.RETRY_AFTER)
    assert not Allocation.objects.exclude(status="released").exists()

    look_everywhere(NOON + rerouting.RETRY_AFTER)  # nine are left
    assert broken() == []
    assert asked() == [("void_requested", purchase_order.order.total_amount)]
