"""Failed parcels workload: two people settle each parcel once, and its refund is expected."""

from copy import copy
from types import SimpleNamespace

import pytest

from notifications.models import Event
from orders.cancellation import cancellation
from orders.models import Order
from shipping.models import Parcel
from storefront.dev.chaos.observations import inside
from storefront.dev.chaos.workload import failed_parcels, staff
from storefront.dev.chaos.workload.failed_parcels import FailedParcels
from tests.factories.parcels import make_parcel_in
from tests.factories.returns import make_policy, requested_refunds
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def workload(monkeypatch):
    """Return the workload; its two people act one after the other."""

    def act_in_turn(acts):
        for act in acts:
            act()

    monkeypatch.setattr(FailedParcels, "_at_once", staticmethod(act_in_turn))
    monkeypatch.setattr(failed_parcels, "control", lambda *_: None)
    monkeypatch.setattr(failed_parcels.outside, "supplier_orders", lambda _: [])
    monkeypatch.setattr(failed_parcels, "connection", SimpleNamespace(close=lambda: None))
    monkeypatch.setattr(failed_parcels.timezone, "now", lambda: NOON)
    make_policy()
    return FailedParcels(place=SimpleNamespace(gateway_url="", var=None))


def test_a_lost_parcel_is_refunded_once_by_two_people(workload):
    parcel = make_parcel_in("shipped")
    order = Order.objects.get()

    assert not workload.work(excluded=set(), is_last=False), "there are fewer parcels than plans"
    assert not workload.work(excluded={order.number}, is_last=True)
    assert workload.work(excluded=set(), is_last=True)

    assert (workload.failed, workload.late, workload.wrong) == ([order.number], [], [])
    assert workload.refunds() == {order.number: order.total.minor}
    assert sum(int(amount * 100) for amount in requested_refunds()) == order.total.minor
    assert Event.objects.filter(key=f"parcel.lost:{parcel.pk}").count() == 1
    assert Parcel.objects.get().resolution == "refunded"
    assert not workload.work(excluded=set(), is_last=True), "it acts once"


def test_one_parcel_of_an_order_fails(workload):
    parcel = make_parcel_in("shipped")
    other = copy(parcel)
    other.pk, other.number = None, "OTHER"
    other.save()
    for line in parcel.lines.all():
        line.pk, line.parcel = None, other
        line.save()

    workload.work(excluded=set(), is_last=True)

    assert len(workload.orders) == 1


def test_a_parcel_that_its_supplier_delivered_does_not_fail(workload, monkeypatch):
    number = make_parcel_in("shipped").shipment.purchase_order.number
    arrived = SimpleNamespace(number=number, has_arrived=True)
    monkeypatch.setattr(failed_parcels.outside, "supplier_orders", lambda _: [arrived])

    assert not workload.work(excluded=set(), is_last=True)


def test_staff_refund_a_canceled_replacement_once(workload, monkeypatch):
    monkeypatch.setattr(failed_parcels, "PLANS", [("returned", ("replace", "replace"))])
    monkeypatch.setattr(failed_parcels, "LATE_PARCELS", 0)
    make_parcel_in("shipped")
    order = Order.objects.get()

    assert workload.work(excluded=set(), is_last=False)
    assert (workload.wrong, workload.refunds()) == ([], {})

    replacement = Order.objects.exclude(pk=order.pk).get()
    cancellation.cancel(order=replacement, reason="rejected", actor="chaos", now=NOON)
    assert "1 canceled replacements to refund" in inside.open_work()
    assert [staff.do_open_work(workload.place) for _ in range(2)] == [1, 0]
    assert "1 canceled replacements to refund" not in inside.open_work()
    assert workload.refunds() == {order.number: order.total.minor}
    assert sum(int(amount * 100) for amount in requested_refunds()) == order.total.minor


def test_the_customer_of_a_late_parcel_is_told_once(workload, monkeypatch):
    monkeypatch.setattr(failed_parcels, "PLANS", [])
    make_parcel_in("shipped")
    order = Order.objects.get()

    assert workload.work(excluded=set(), is_last=True)

    assert (workload.late, workload.wrong, workload.refunds()) == ([order.number], [], {})
    assert Event.objects.filter(name__startswith="parcel.silent").count() == 1
