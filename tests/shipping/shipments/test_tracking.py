from datetime import timedelta
from itertools import permutations

import pytest

from notifications.models import Event
from orders.models import Order
from shipping.models import Parcel
from shipping.shipments import fulfillment
from shipping.shipments.statuses import TrackingUpdate
from tests.factories.orders import make_sellable
from tests.factories.shipping import (
    apply_updates,
    make_accepted_purchase_order,
    make_shipment_notice,
    take_in,
)
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db


def hours(count):
    return NOON + timedelta(hours=count)


def make_parcel(answer="shipped"):
    take_in(make_accepted_purchase_order(make_sellable()), answer, make_shipment_notice())
    return Parcel.objects.get()


def test_updates_give_one_status_in_any_order():
    updates = [
        TrackingUpdate(status="in_transit", happened_at=hours(-30), text="Left the hub"),
        TrackingUpdate(status="out_for_delivery", happened_at=hours(-3)),
        TrackingUpdate(status="attempt_failed", happened_at=hours(-2), text="Nobody at home"),
    ]
    ends = set()
    for order in permutations(updates):
        parcel = make_parcel() if not ends else Parcel.objects.get()
        parcel.tracking_events.all().delete()
        for one in (*order, order[0]):
            apply_updates(one)
        parcel.refresh_from_db()
        ends.add((parcel.carrier_status, parcel.carrier_status_at, parcel.tracking_events.count()))

    assert ends == {("attempt_failed", hours(-2), 3)}


def test_delivered_is_final():
    make_parcel()

    apply_updates(TrackingUpdate(status="delivered", happened_at=hours(-1)))
    parcel = apply_updates(TrackingUpdate(status="in_transit", happened_at=hours(0)))

    assert (parcel.status, parcel.carrier_status) == ("delivered", "delivered")
    assert parcel.tracking_events.count() == 2
    assert Order.objects.get().status == Order.Status.COMPLETED
    assert Event.objects.filter(name="parcel.delivered").count() == 1


def test_an_update_from_the_future_is_stored_without_its_time():
    make_parcel()

    apply_updates(TrackingUpdate(status="exception", happened_at=hours(24 * 365 * 70)))
    parcel = apply_updates(TrackingUpdate(status="in_transit", happened_at=hours(-1)))

    assert parcel.carrier_status == "in_transit"
    assert parcel.tracking_events.get(carrier_status="exception").happened_at is None


def test_the_first_scan_ships_a_parcel():
    parcel = make_parcel(answer="accepted")
    before = parcel.status

    parcel = apply_updates(TrackingUpdate(status="in_transit", happened_at=NOON))

    assert (before, parcel.status) == ("label_created", "shipped")
    assert Event.objects.filter(name="parcel.shipped").count() == 1


def test_an_order_delivered_while_on_hold_is_completed_later():
    make_parcel()
    order = Order.objects.get()
    order.move(Order.Status.ON_HOLD, at=NOON, hold_reason="fraud?")

    apply_updates(TrackingUpdate(status="delivered", happened_at=NOON))
    held = list(fulfillment.orders_to_complete())
    order.refresh_from_db()
    order.move(Order.Status.PROCESSING, at=NOON)
    (found,) = fulfillment.orders_to_complete()
    fulfillment.complete_released_order(order=found, now=NOON)

    order.refresh_from_db()
    assert held == []
    assert order.status == Order.Status.COMPLETED


@pytest.mark.parametrize(
    ("status", "name"), [("lost", "parcel.lost"), ("return_to_sender", "parcel.returned")]
)
def test_a_failed_parcel_is_reported_to_the_customer_once(status, name):
    make_parcel()

    for hour in (0, 1):
        apply_updates(
            TrackingUpdate(status=status, happened_at=hours(hour - 3), text=f"scan {hour}")
        )

    assert Event.objects.filter(name=name).count() == 1


@pytest.mark.parametrize("status", ["out_for_delivery", "exception"])
def test_the_customer_is_told_once_of_a_status_that_is_current(status):
    make_parcel()

    for hour in (-40, -3, -2):
        apply_updates(TrackingUpdate(status=status, happened_at=hours(hour), text=f"at {hour}"))
        told = Event.objects.filter(name=f"parcel.{status}").count()
        assert told == (hour > -24), f"a status of hour {hour}"


def test_nothing_is_told_of_a_status_before_the_delivery_or_of_a_label():
    make_parcel(answer="accepted")

    apply_updates(TrackingUpdate(status="pre_transit", happened_at=hours(-5)))
    of_label = Event.objects.filter(name__startswith="parcel.").count()
    apply_updates(TrackingUpdate(status="delivered", happened_at=hours(-1)))
    apply_updates(TrackingUpdate(status="out_for_delivery", happened_at=hours(-3)))

    assert of_label == 0
    assert not Event.objects.filter(name="parcel.out_for_delivery").exists()
