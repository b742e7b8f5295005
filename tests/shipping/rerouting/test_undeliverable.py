"""Undeliverable orders: reassign after two queries to the supplier named no shipping method."""

from datetime import timedelta

import pytest

from orders.models import PurchaseOrder
from orders.purchasing import submission
from orders.purchasing.holds import holds
from suppliers.connectors.records import NoShippingServiceError
from tests.factories.backorders import (
    gateway_requests,
    live,
    reroute_due,
    stock_at,
    violated_invariants,
)
from tests.factories.orders import make_purchase_orders, make_sellable
from tests.factories.scripted_supplier import ScriptedSupplier, connect
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db
SOON, LATER = NOON + timedelta(minutes=5), NOON + timedelta(minutes=20)


@pytest.fixture
def supplier(monkeypatch):
    return connect(monkeypatch, ScriptedSupplier())


def send(now=NOON):
    fresh = PurchaseOrder.objects.select_related("order", "supplier", "location")
    return submission.submit(purchase_order=fresh.order_by("pk").first(), now=now)


@pytest.mark.parametrize("refusal", ["no route", "refuses the call"])
def test_an_order_without_a_shipping_method_is_reassigned_after_a_second_query(supplier, refusal):
    listing = make_sellable()
    other = stock_at(listing)
    make_purchase_orders(listing)
    if refusal == "no route":
        supplier.routes = ()
    else:
        supplier.script = [
            NoShippingServiceError("no channel"),
            NoShippingServiceError("no channel"),
        ]

    held = send()
    assert (held.status, [reason["code"] for reason in held.hold_reasons]) == (
        "on_hold",
        ["no_shipping_method"],
    )
    assert holds.release_resolved(now=SOON) == 0
    assert holds.release_resolved(now=LATER) == 1
    send(now=LATER)
    reroute_due()

    assert violated_invariants() == []
    assert PurchaseOrder.objects.order_by("pk").first().status == "canceled"
    (made,) = live()
    assert made.location_id == other.location_id
    assert supplier.effects == []


def test_a_method_found_by_the_second_query_is_used(supplier):
    make_purchase_orders()
    supplier.routes = ()
    send()
    holds.release_resolved(now=LATER)
    supplier.routes = ("Standard",)

    sent = send(now=LATER)

    assert supplier.effects == [sent.number]


def test_an_order_that_no_supplier_can_ship_is_refunded(supplier):
    (purchase_order,) = make_purchase_orders()
    whole = purchase_order.customer_charge_amount
    supplier.routes = ()

    send()
    holds.release_resolved(now=LATER)
    send(now=LATER)
    reroute_due()

    assert violated_invariants() == []
    assert gateway_requests() == [("void_requested", whole)]


def test_another_hold_reason_leaves_the_decision_to_staff(supplier):
    make_purchase_orders(make_sellable(price="39.99", cost="60.00"))
    supplier.routes = ()

    send()

    assert holds.release_resolved(now=LATER) == 0
    (held,) = live()
    assert held.status == "on_hold"
