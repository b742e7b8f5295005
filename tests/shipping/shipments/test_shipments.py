import pytest

from notifications.models import Event
from orders.models import Order, OrderLine, PurchaseOrder
from shipping.models import Parcel, ParcelLine, TrackingEvent
from shipping.shipments import shipments
from suppliers.connectors.records import PurchaseOrderRequestLine
from tests.factories.orders import make_purchase_orders, make_sellable
from tests.factories.shipping import (
    CJ_NUMBER,
    make_accepted_purchase_order,
    make_shipment_notice,
    make_state,
    take_in,
)
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db


def events(name):
    return list(Event.objects.filter(name=name).order_by("pk"))


def test_a_shipped_parcel_ships_its_lines_and_is_reported_once():
    purchase_order = make_accepted_purchase_order(make_sellable(), quantity=2)

    for _ in range(3):
        take_in(purchase_order, "shipped", make_shipment_notice())

    (line,) = OrderLine.objects.all()
    (parcel,) = Parcel.objects.all()
    (event,) = events("parcel.shipped")
    assert (line.shipped_quantity, line.delivered_quantity) == (2, 0)
    assert (parcel.carrier, parcel.number, parcel.status) == ("CJPacket", CJ_NUMBER, "shipped")
    assert purchase_order.status == PurchaseOrder.Status.SHIPPED
    assert event.payload["tracking_url"] == f"https://www.cjpacket.com/?trackingNumber={CJ_NUMBER}"
    assert [(each["title"], each["quantity"]) for each in event.payload["lines"]] == [
        (line.title, 2)
    ]
    assert (event.payload["arrives_from"], event.payload["arrives_to"]) == (
        "2026-12-01",
        "2026-12-05",
    )
    order = Order.objects.with_progress().get()
    assert (order.status, order.fulfillment_status) == ("processing", "shipped")


def test_two_parcels_ship_two_parts_and_each_is_reported():
    one, other = make_sellable(), make_sellable()
    purchase_order = make_accepted_purchase_order(one, other)
    first, second = OrderLine.objects.order_by("pk")
    lines = [PurchaseOrderRequestLine(sku="", quantity=1, reference=str(first.pk))]

    take_in(purchase_order, "shipped", make_shipment_notice("CJPKL0000000001YQ", lines=lines))
    halfway = Order.objects.with_progress().get().fulfillment_status, purchase_order.status
    take_in(purchase_order, "shipped", make_shipment_notice("CJPKL0000000002YQ"))

    first.refresh_from_db()
    second.refresh_from_db()
    assert halfway == ("partially_shipped", PurchaseOrder.Status.PARTIALLY_SHIPPED)
    assert (first.shipped_quantity, second.shipped_quantity) == (1, 1)
    assert purchase_order.status == PurchaseOrder.Status.SHIPPED
    assert ParcelLine.objects.get(parcel__number="CJPKL0000000002YQ").order_line == second
    assert len(events("parcel.shipped")) == 2


def test_lines_named_by_supplier_sku_never_exceed_the_order():
    purchase_order = make_accepted_purchase_order(make_sellable(), quantity=2)
    line = OrderLine.objects.get()
    lines = [PurchaseOrderRequestLine(sku=line.offer.supplier_sku, quantity=99, reference="")]

    take_in(purchase_order, "shipped", make_shipment_notice(lines=lines))

    line.refresh_from_db()
    assert line.shipped_quantity == 2


def test_a_second_number_for_the_same_units_ships_nothing_twice():
    purchase_order = make_accepted_purchase_order(make_sellable())

    take_in(purchase_order, "shipped", make_shipment_notice("CJPKL0000000001YQ"))
    take_in(purchase_order, "shipped", make_shipment_notice("CJPKL0000000002YQ"))

    assert OrderLine.objects.get().shipped_quantity == 1
    assert [event.payload["lines"] != [] for event in events("parcel.shipped")] == [True, False]


def test_a_label_is_not_reported_until_the_carrier_has_the_parcel():
    purchase_order = make_accepted_purchase_order(make_sellable())

    take_in(purchase_order, "accepted", make_shipment_notice(carrier_text="Label created"))
    before = Parcel.objects.get().status, len(events("parcel.shipped"))
    take_in(
        purchase_order,
        "accepted",
        make_shipment_notice(carrier_text="In transit", happened_at=NOON),
    )

    assert before == ("label_created", 0)
    assert (Parcel.objects.get().status, len(events("parcel.shipped"))) == ("shipped", 1)
    assert purchase_order.status == PurchaseOrder.Status.SHIPPED


def test_the_last_delivery_completes_the_order():
    purchase_order = make_accepted_purchase_order(make_sellable())
    take_in(purchase_order, "shipped", make_shipment_notice())

    take_in(purchase_order, "delivered")

    order = Order.objects.with_progress().get()
    assert purchase_order.status == PurchaseOrder.Status.CLOSED
    assert (order.status, order.fulfillment_status) == ("completed", "delivered")
    assert len(events("parcel.delivered")) == 1


def test_a_delivery_that_the_carrier_reported_is_recorded_once():
    purchase_order = make_accepted_purchase_order(make_sellable())

    take_in(
        purchase_order,
        "delivered",
        make_shipment_notice(carrier_text="Delivered", happened_at=NOON),
    )

    assert Parcel.objects.get().tracking_events.get().description == "Delivered"


def test_a_delivery_reported_before_the_shipment_ships_first():
    purchase_order = make_accepted_purchase_order(make_sellable())

    take_in(purchase_order, "delivered", make_shipment_notice())
    take_in(purchase_order, "shipped", make_shipment_notice())

    assert Order.objects.get().status == Order.Status.COMPLETED
    assert (len(events("parcel.shipped")), len(events("parcel.delivered"))) == (1, 1)


def test_a_number_of_another_order_is_rejected_and_shown_to_staff():
    mine = make_accepted_purchase_order(make_sellable())
    theirs = make_accepted_purchase_order(make_sellable(), email="other@example.org")
    take_in(mine, "shipped", make_shipment_notice())

    taken = take_in(theirs, "shipped", make_shipment_notice(carrier="Another name"))

    assert taken.parcels == ()
    assert taken.problems == (f"CJPacket {CJ_NUMBER} belongs to {mine.number}",)
    assert theirs.problem == taken.problems[0]
    assert theirs.status == PurchaseOrder.Status.IN_PROGRESS
    assert theirs.order.lines.get().shipped_quantity == 0
    assert len(events("parcel.shipped")) == 1


def test_an_invalid_number_blocks_no_other_parcel():
    purchase_order = make_accepted_purchase_order(make_sellable())

    taken = take_in(
        purchase_order, "shipped", make_shipment_notice("<script>"), make_shipment_notice()
    )

    assert [parcel.number for parcel in taken.parcels] == [CJ_NUMBER]
    assert taken.problems == ("'<script>' is not a tracking number",)
    assert purchase_order.problem == taken.problems[0]


def test_items_that_were_not_ordered_make_no_parcel():
    purchase_order = make_accepted_purchase_order(make_sellable())
    lines = [PurchaseOrderRequestLine(sku="SOMETHING-ELSE", quantity=1, reference="")]

    taken = take_in(purchase_order, "shipped", make_shipment_notice(lines=lines))

    assert taken.parcels == ()
    assert "do not belong to this order" in taken.problems[0]
    assert OrderLine.objects.get().shipped_quantity == 0


def test_an_unsafe_tracking_url_never_reaches_the_customer():
    purchase_order = make_accepted_purchase_order(make_sellable())
    parcel = make_shipment_notice(
        "XY12345", carrier="C" * 10_000, url="JaVaScRiPt:alert(1)//x.example"
    )

    take_in(purchase_order, "shipped", parcel)

    shown = events("parcel.shipped")[0].payload
    assert shown["tracking_url"].startswith("https://t.17track.net/")
    assert len(Parcel.objects.get().carrier) <= 100


def test_nothing_ships_for_an_order_the_supplier_does_not_have():
    (purchase_order,) = make_purchase_orders(make_sellable())

    with pytest.raises(shipments.NotShippableError):
        take_in(purchase_order, "shipped", make_shipment_notice())

    assert (Parcel.objects.count(), TrackingEvent.objects.count()) == (0, 0)


def test_updates_of_another_order_are_rejected():
    mine = make_accepted_purchase_order(make_sellable())
    theirs = make_accepted_purchase_order(make_sellable(), email="other@example.org")

    with pytest.raises(shipments.NotShippableError):
        shipments.import_parcels(
            purchase_order=mine,
            state=make_state(theirs, "shipped", make_shipment_notice()),
            now=NOON,
        )

    assert Parcel.objects.count() == 0


@pytest.mark.parametrize("answer", ["accepted", "partially_shipped", "shipped"])
def test_a_label_alone_ships_nothing_whatever_the_supplier_says_of_the_order(answer):
    purchase_order = make_accepted_purchase_order(make_sellable())

    take_in(purchase_order, answer, make_shipment_notice(carrier_text="Label created"))
    before = Parcel.objects.get().status, purchase_order.lines.get().order_line.shipped_quantity
    told = events("parcel.shipped")
    take_in(purchase_order, answer, make_shipment_notice(carrier_text="In transit"))

    assert (before, list(told)) == (("label_created", 0), [])
    assert (Parcel.objects.get().status, len(events("parcel.shipped"))) == ("shipped", 1)
