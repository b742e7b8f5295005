"""Several rejected lines: reroute them together if possible, else one by one; charge delivery once."""

from datetime import timedelta
from decimal import Decimal

import pytest

from catalog.models import Channel, Variant
from orders.models import Backorder, BackorderLine
from orders.purchasing import acknowledgements
from shipping.rates import quotes
from shipping.rerouting import customer_choice, search
from storefront.lib.money import Money
from suppliers.connectors.records import (
    Acknowledgement,
    PurchaseOrderReport,
    RejectedLine,
    RejectionReason,
)
from suppliers.models import ShippingService
from tests.factories.backorders import (
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
from tests.factories.orders import make_sellable
from tests.factories.shipping import make_sent_purchase_order
from tests.factories.suppliers import NOON, make_level, make_offer

pytestmark = pytest.mark.django_db


@pytest.fixture(params=[1, 2])
def places(request, supplier):
    Channel.objects.filter(pk=make_channel().pk).update(max_split_locations=request.param)
    return request.param


def heavy(*quantities):
    """A purchase order of two products, too heavy for one parcel; other suppliers stock both."""
    one, two = make_sellable(quantity=10), make_sellable(price="19.99", quantity=10)
    for place, quantity in enumerate(quantities):
        level = stock_at(one, f"other{place}", quantity=quantity)
        offer = make_offer(two.variant, supplier=level.offer.supplier, cost="11.00")
        make_level(offer, quantity, level.location)
    purchase_order = make_sent_purchase_order(one, two, quantity=10)
    Variant.objects.update(packed_weight_g=300)
    ShippingService.objects.update(max_weight_g=300 * max(quantities))
    quotes.clear_cache()
    return purchase_order


def test_lines_too_heavy_together_ship_in_two_parcels(places):
    purchase_order = heavy(10)

    reroute(purchase_order)

    assert quantities_by_supplier() == [("other0", 10), ("other0", 10)]
    assert sum(made.customer_charge_amount for made in live()) == purchase_order.order.total_amount


def test_lines_too_heavy_together_are_split_line_by_line(supplier):
    Channel.objects.filter(pk=make_channel().pk).update(max_split_locations=2)
    purchase_order = heavy(6, 4)

    reroute(purchase_order)

    assert quantities_by_supplier() == [("other0", 6), ("other0", 6), ("other1", 4), ("other1", 4)]
    assert sum(made.customer_charge_amount for made in live()) == purchase_order.order.total_amount


@pytest.mark.parametrize(
    ("there", "sent"), [(10, [("other", 4), ("other", 6)]), (7, [("other", 6)])]
)
def test_two_lines_of_one_variant_reserve_no_unit_twice(places, there, sent):
    """The supplier accepts six of ten units at a loss: both parts are backordered and rerouted."""
    listing = make_sellable(quantity=10)
    stock_at(listing, quantity=there)
    purchase_order = make_sent_purchase_order(listing, quantity=10)
    line = purchase_order.lines.get().order_line
    state = PurchaseOrderReport(
        number=purchase_order.number,
        supplier_reference="",
        answer=Acknowledgement.ACCEPTED,
        refused=(RejectedLine(reference=str(line.pk), code=RejectionReason.OUT_OF_STOCK, ships=6),),
        unit_costs={str(line.pk): Money(Decimal("60.00"), "EUR")},
    )
    acknowledgements.apply(purchase_order=purchase_order, state=state, now=NOON)
    assert BackorderLine.objects.filter(is_open=True).count() == 2

    reroute_due()

    assert violated_invariants() == []
    assert quantities_by_supplier() == sent
    assert not Backorder.objects.filter(status="open").exists()
    taken = sum(made.customer_charge_amount for made in live())
    back = sum(amount for _, amount in gateway_requests())
    assert taken + back == purchase_order.order.total_amount


def test_a_refund_of_some_lines_keeps_the_paid_delivery_of_the_others(supplier):
    Channel.objects.filter(pk=make_channel().pk).update(max_split_locations=2)
    ten, two = make_sellable(quantity=10), make_sellable(price="19.99", quantity=10)
    for code, quantity in (("other0", 6), ("other1", 4)):
        stock_at(ten, code, quantity=quantity)
    stock_at(two, "late", quantity=10, max_days=20)
    purchase_order = reroute(make_sent_purchase_order(ten, two, quantity=10))
    assert quantities_by_supplier() == [("other0", 6), ("other1", 4)]

    backorder = Backorder.objects.select_related("order__channel").get(status="asked")
    choice = Backorder.Choice.REFUND
    customer_choice.apply(backorder=backorder, choice=choice, actor="customer", now=NOON)

    assert violated_invariants() == []
    assert gateway_requests() == [("void_requested", Decimal("199.90"))]
    rest = purchase_order.order.total_amount - Decimal("199.90")
    assert sum(made.customer_charge_amount for made in live()) == rest


def late_or(soon):
    """Order ten units: one supplier is cheap and late, the others are dearer and on time."""
    Channel.objects.filter(pk=make_channel().pk).update(max_split_locations=2)
    listing = make_sellable(quantity=10)
    stock_at(listing, "late", quantity=10, max_days=20)
    for place, quantity in enumerate(soon):
        stock_at(listing, f"soon{place}", quantity=quantity, cost="12.00")
    return make_sent_purchase_order(listing, quantity=10)


@pytest.mark.parametrize("soon", [(10,), (6, 4)])
@pytest.mark.parametrize("may_respond", [True, False])
def test_on_time_sources_ship_at_higher_cost_without_a_question(supplier, soon, may_respond):
    purchase_order = late_or(soon)
    if not may_respond:
        ends = NOON + timedelta(hours=15, minutes=30)
        purchase_order.order.payments.update(capture_before=ends)

    reroute(purchase_order)

    assert quantities_by_supplier() == [
        (f"soon{place}", quantity) for place, quantity in enumerate(soon)
    ]
    assert Backorder.objects.get().status == "rerouted"


def test_only_the_late_line_of_two_is_asked(supplier):
    soon, late = make_sellable(quantity=10), make_sellable(price="29.99", quantity=10)
    stock_at(soon, "soon", quantity=10)
    stock_at(late, "late", quantity=10, max_days=20)
    purchase_order = reroute(make_sent_purchase_order(soon, late))
    assert quantities_by_supplier() == [("soon", 1)]
    backorder = Backorder.objects.select_related("order__channel").get(status="asked")
    assert [row.order_line.variant_id for row in backorder.lines.all()] == [late.variant_id]

    choice = Backorder.Choice.WAIT
    customer_choice.apply(backorder=backorder, choice=choice, actor="customer", now=NOON)

    assert violated_invariants() == []
    assert quantities_by_supplier() == [("late", 1), ("soon", 1)]
    assert sum(made.customer_charge_amount for made in live()) == purchase_order.order.total_amount


def test_an_on_time_source_at_a_loss_does_not_prevent_the_question(supplier):
    listing = make_sellable(quantity=10)
    stock_at(listing, "dear", quantity=10, cost="60.00")
    stock_at(listing, "late", quantity=10, max_days=20)
    reroute(make_sent_purchase_order(listing))

    assert quantities_by_supplier() == []
    assert Backorder.objects.get().status == "asked"


def beside(level, *listings, cost="11.00", quantity=5):
    """Stock other products at the location of ``level``."""
    for listing in listings:
        offer = make_offer(listing.variant, supplier=level.offer.supplier, cost=cost)
        make_level(offer, quantity, level.location)


def parcels():
    """Return supplier code and number of lines of each parcel, sorted."""
    return sorted(
        (made.supplier.code, made.lines.filter(is_active=True).count()) for made in live()
    )


@pytest.mark.parametrize("cost", ["10.00", "8.00"])
def test_a_line_at_a_loss_separates_no_others(supplier, cost):
    """Alone, the cheap line would not cover its freight."""
    good, cheap, loses = (make_sellable(price=price) for price in ("39.99", "13.99", "24.99"))
    beside(stock_at(good, "both"), cheap, cost=cost)
    stock_at(cheap, "late", max_days=20, cost="2.00")
    stock_at(loses, "dear", cost="99.00")
    purchase_order = reroute(make_sent_purchase_order(good, cheap, loses))

    assert parcels() == [("both", 2), ("dear", 1)]
    assert not Backorder.objects.filter(status="asked").exists()
    assert sum(made.customer_charge_amount for made in live()) == purchase_order.order.total_amount


def test_heavy_lines_use_as_few_parcels_as_possible(supplier):
    lights = [make_sellable() for _ in range(4)]
    beside(stock_at(lights[0], "other"), *lights[1:])
    purchase_order = make_sent_purchase_order(*lights)
    Variant.objects.update(packed_weight_g=300)
    ShippingService.objects.update(max_weight_g=600)
    quotes.clear_cache()

    reroute(purchase_order)

    assert parcels() == [("other", 2), ("other", 2)]


def test_a_profitable_parcel_does_not_hide_a_parcel_at_a_loss(supplier):
    """Hold rules check each parcel, so the customer is asked about the line at a loss."""
    much, little = make_sellable(price="199.99"), make_sellable(price="39.99")
    stock_at(much, "other")
    stock_at(little, "dear", cost="60.00")
    stock_at(little, "late", max_days=20)

    reroute(make_sent_purchase_order(much, little))

    assert parcels() == [("other", 1)]
    (row,) = Backorder.objects.get(status="asked").lines.all()
    assert row.order_line.variant_id == little.variant_id


def test_lines_without_a_whole_source_are_not_searched_one_by_one(supplier, monkeypatch):
    Channel.objects.filter(pk=make_channel().pk).update(max_split_locations=2)
    lights = [make_sellable(quantity=10) for _ in range(3)]
    for place, quantity in (("other0", 6), ("other1", 4)):
        beside(stock_at(lights[0], place, quantity=quantity), *lights[1:], quantity=quantity)
    purchase_order = make_sent_purchase_order(*lights, quantity=10)
    Variant.objects.update(packed_weight_g=10)
    quotes.clear_cache()
    refuse(purchase_order)
    find, asked_for = search.find_source, []
    monkeypatch.setattr(
        search,
        "find_source",
        lambda *args, **more: (asked_for.append(args[1]), find(*args, **more))[1],
    )

    reroute_due()

    assert parcels() == [("other0", 3), ("other1", 3)]
    assert [len(rows) for rows in asked_for] == [3, 3]


def test_a_substitute_that_needs_units_already_used_is_not_offered(supplier):
    """Otherwise the customer would accept it and learn that it is sold out."""
    good, gone = make_sellable(price="39.99"), make_sellable(price="13.99")
    newer = make_sellable(quantity=0, price="13.99")
    Variant.objects.filter(pk=gone.variant_id).update(replaced_by=newer.variant)
    stock_at(newer, "late", cost="7.50", max_days=20)
    stock_at(good, "other")
    reroute(make_sent_purchase_order(good, gone))

    assert parcels() == [("other", 1)]
    assert gateway_requests() == [("void_requested", Decimal("13.99"))]
