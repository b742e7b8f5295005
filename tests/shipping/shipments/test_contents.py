"""Parcel contents: parcels without a tracking number, and parcels with unknown contents."""

from itertools import permutations

import pytest

from notifications.models import Event
from orders.models import Order, OrderLine, PurchaseOrder
from shipping.models import Parcel, ParcelLine, Shipment
from shipping.shipments.statuses import TrackingUpdate
from storefront.dashboard.invariants.messaging import MESSAGING
from suppliers.connectors.records import PurchaseOrderRequestLine
from tests.factories.orders import make_sellable
from tests.factories.shipping import (
    apply_updates,
    make_accepted_purchase_order,
    make_shipment_notice,
    take_in,
)
from tests.factories.suppliers import NOON
from tests.support.invariants import violated

pytestmark = pytest.mark.django_db

ONE, TWO = "CJPKL0000000001YQ", "CJPKL0000000002YQ"


def mails():
    """Return tracking number and units of each shipment event."""
    events = Event.objects.filter(name="parcel.shipped").order_by("pk")
    return [
        (event.payload["number"], sum(line["quantity"] for line in event.payload["lines"]))
        for event in events
    ]


def boxes():
    return sorted(
        (parcel.number, sum(parcel.lines.values_list("quantity", flat=True)))
        for parcel in Parcel.objects.all()
    )


def shipped():
    return sum(OrderLine.objects.values_list("shipped_quantity", flat=True))


def of(line, quantity=1):
    return [PurchaseOrderRequestLine(sku="", quantity=quantity, reference=str(line.pk))]


def test_a_shipment_without_a_number_is_reported_once_when_a_number_comes():
    purchase_order = make_accepted_purchase_order(make_sellable(), quantity=2)

    for _ in range(2):
        take_in(purchase_order, "shipped")
    before = purchase_order.status, shipped(), mails(), boxes()
    for _ in range(2):
        take_in(purchase_order, "shipped", make_shipment_notice(ONE))
        take_in(purchase_order, "shipped")

    assert before == (PurchaseOrder.Status.SHIPPED, 2, [], [("", 2)])
    assert (purchase_order.status, shipped()) == (PurchaseOrder.Status.SHIPPED, 2)
    assert mails() == [(ONE, 2)]
    assert boxes() == [(ONE, 2)]
    assert Parcel.objects.get().tracking_url


def test_two_orders_can_have_parcels_without_a_number():
    for email in ("one@example.org", "other@example.org"):
        take_in(make_accepted_purchase_order(make_sellable(), email=email), "shipped")

    assert list(Parcel.objects.values_list("number", "status")) == [("", "shipped")] * 2


def test_an_order_delivered_without_a_number_is_completed():
    purchase_order = make_accepted_purchase_order(make_sellable(), quantity=2)

    take_in(purchase_order, "delivered")

    assert purchase_order.status == PurchaseOrder.Status.CLOSED
    assert Order.objects.get().status == Order.Status.COMPLETED
    assert mails() == []
    assert "messaging.parcel_message_once" not in violated(MESSAGING)


def test_numbers_for_parts_split_the_parcel_without_a_number():
    purchase_order = make_accepted_purchase_order(make_sellable(), make_sellable())
    first, second = OrderLine.objects.order_by("pk")
    take_in(purchase_order, "shipped")

    take_in(purchase_order, "shipped", make_shipment_notice(ONE, lines=of(first)))
    halfway = boxes()
    take_in(purchase_order, "shipped", make_shipment_notice(TWO, lines=of(second)))

    assert halfway == [("", 1), (ONE, 1)]
    assert boxes() == [(ONE, 1), (TWO, 1)]
    assert ParcelLine.objects.get(parcel__number=ONE).order_line == first
    assert (shipped(), mails()) == (2, [(ONE, 1), (TWO, 1)])


def test_a_parcel_of_unknown_contents_ships_nothing_until_all_shipped():
    purchase_order = make_accepted_purchase_order(make_sellable(), make_sellable())

    take_in(purchase_order, "partially_shipped", make_shipment_notice(ONE))
    halfway = purchase_order.status, shipped(), mails()
    take_in(purchase_order, "shipped", make_shipment_notice(ONE), make_shipment_notice(TWO))

    assert halfway == (PurchaseOrder.Status.PARTIALLY_SHIPPED, 0, [(ONE, 0)])
    assert (purchase_order.status, shipped()) == (PurchaseOrder.Status.SHIPPED, 2)
    assert [number for number, _ in mails()] == [ONE, TWO]


@pytest.mark.parametrize("order", list(permutations([ONE, TWO])))
def test_an_order_with_a_parcel_of_unknown_contents_stays_open(order):
    purchase_order = make_accepted_purchase_order(make_sellable(), quantity=2)
    take_in(purchase_order, "shipped", make_shipment_notice(ONE), make_shipment_notice(TWO))
    states = []

    for number in order:
        apply_updates(TrackingUpdate(status="delivered", happened_at=NOON), number=number)
        purchase_order.refresh_from_db()
        states.append(purchase_order.status)

    assert states == [PurchaseOrder.Status.SHIPPED, PurchaseOrder.Status.CLOSED]


def test_the_only_remaining_unit_is_in_the_only_parcel():
    purchase_order = make_accepted_purchase_order(make_sellable())

    take_in(purchase_order, "partially_shipped", make_shipment_notice(ONE))

    assert (purchase_order.status, shipped()) == (PurchaseOrder.Status.SHIPPED, 1)
    assert mails() == [(ONE, 1)]


def test_contents_may_be_reported_later():
    purchase_order = make_accepted_purchase_order(make_sellable(), make_sellable())
    first, _ = OrderLine.objects.order_by("pk")

    take_in(purchase_order, "partially_shipped", make_shipment_notice(ONE))
    take_in(purchase_order, "partially_shipped", make_shipment_notice(ONE, lines=of(first)))

    first.refresh_from_db()
    assert (first.shipped_quantity, shipped()) == (1, 1)
    assert boxes() == [(ONE, 1)]


@pytest.mark.parametrize("step", [6, pytest.param(1, marks=pytest.mark.full)])
def test_any_order_of_updates_with_and_without_numbers_gives_one_state(step):
    purchase_order = make_accepted_purchase_order(make_sellable(), make_sellable())
    first, _ = OrderLine.objects.order_by("pk")
    reports = [
        ("partially_shipped", make_shipment_notice("", carrier="", lines=of(first))),
        ("partially_shipped", make_shipment_notice(ONE, lines=of(first))),
        ("partially_shipped", make_shipment_notice(TWO)),
        ("shipped",),
    ]
    ends = set()

    for order in list(permutations(reports))[::step]:
        for model in (ParcelLine, Parcel, Shipment, Event):
            model.objects.all().delete()
        OrderLine.objects.update(shipped_quantity=0)
        PurchaseOrder.objects.update(status="in_progress")
        purchase_order.refresh_from_db()
        for report in (*order, *order):
            take_in(purchase_order, *report)
        ends.add((purchase_order.status, shipped(), tuple(sorted(n for n, _ in mails()))))

    assert ends == {(PurchaseOrder.Status.SHIPPED, 2, (ONE, TWO))}
