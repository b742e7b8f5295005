"""Late parcels: the customer is told once, and only while nothing else is known."""

from datetime import timedelta

import pytest

from notifications.models import Event
from orders.models import Backorder, Order
from shipping import late_parcels
from shipping.models import Parcel
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


@pytest.fixture
def purchase_order():
    purchase_order = make_accepted_purchase_order(make_sellable())
    take_in(purchase_order, "shipped", make_shipment_notice())
    promised = purchase_order.entry["arrives_to"]
    Order.objects.update(status="processing", arrives_to=promised)
    return purchase_order


def notify(day):
    return late_parcels.notify_of_late_parcels(now=NOON + timedelta(days=day))


def promised_day(purchase_order):
    return (Order.objects.get().arrives_to - NOON.date()).days


@pytest.mark.parametrize(("limit", "days"), [(1, 2), (3, 4)])
def test_the_customer_is_told_once_after_the_limit(purchase_order, settings, limit, days):
    settings.PARCEL_LATE_AFTER_DAYS = limit
    day = promised_day(purchase_order)

    told = [notify(day + days - 1), notify(day + days), notify(day + days + 5)]

    assert told == [0, 1, 0]
    (event,) = Event.objects.filter(name="parcel.delayed")
    assert event.payload["promised_by"] == purchase_order.entry["arrives_to"]


@pytest.mark.parametrize("status", ["out_for_delivery", "exception", "delivered", "lost"])
def test_a_reported_status_replaces_the_message(purchase_order, status):
    apply_updates(TrackingUpdate(status=status, happened_at=NOON))

    assert notify(promised_day(purchase_order) + 9) == 0


def test_a_parcel_that_arrives_while_it_is_noticed_is_not_late(purchase_order, monkeypatch):
    lock = late_parcels.tracking.lock_purchase_order

    def lock_after_delivery(purchase_order_id):
        Parcel.objects.update(status="delivered")
        return lock(purchase_order_id)

    monkeypatch.setattr(late_parcels.tracking, "lock_purchase_order", lock_after_delivery)

    assert notify(promised_day(purchase_order) + 9) == 0
    assert not Event.objects.filter(name="parcel.delayed").exists()


def test_a_later_day_that_the_customer_accepted_counts(purchase_order):
    day = promised_day(purchase_order)
    Backorder.objects.create(
        order=purchase_order.order,
        purchase_order=purchase_order,
        kind=Backorder.Kind.LATER,
        status="closed",
        status_since=NOON,
        opened_at=NOON,
        chosen=Backorder.Choice.WAIT,
        ships_by=NOON.date(),
        arrives_by=(NOON + timedelta(days=day + 10)).date(),
    )

    assert [notify(day + 5), notify(day + 12)] == [0, 1]


@pytest.mark.parametrize("status", ["canceled", "completed", "on_hold"])
def test_parcels_of_orders_that_are_not_in_process_are_left_alone(purchase_order, status):
    Order.objects.update(status=status)

    assert notify(promised_day(purchase_order) + 9) == 0
