"""Parcel outcomes: every state has a way in and a way out, and each outcome happens once."""

from datetime import timedelta
from decimal import Decimal

import pytest

from notifications.models import Event
from orders.models import Order, PaymentEvent, PurchaseOrder, ReturnAuthorization
from orders.returns.eligibility import CannotReturnError, find_returnable
from shipping.models import Parcel
from shipping.shipments import outcomes
from storefront.lib.state_machine import InvalidTransitionError
from suppliers.connectors.records import PurchaseOrderRequestLine
from tests.factories.full_shop import settle
from tests.factories.orders import make_sellable
from tests.factories.parcels import (
    PARCEL_STATES,
    act_on_parcel,
    make_parcel_in,
    report_status,
    state_of,
    violated_parcel_invariants,
)
from tests.factories.returns import declare
from tests.factories.shipping import make_accepted_purchase_order, make_shipment_notice, take_in
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db

REFUSED = (InvalidTransitionError, outcomes.CannotResolveError, CannotReturnError)
LATER = NOON + timedelta(hours=1)

# The state in which each act of staff or event of the carrier leaves a parcel; None: refused.
ACTS = {
    "void_label": {"label_created": "voided", "voided": "voided"},
    "restore_label": {"voided": "label_created"},
    "mark_lost": {
        "label_created": "lost",
        "shipped": "lost",
        "delivered": "lost",
        "lost": "lost",
        "lost refunded": "lost refunded",
        "lost closed": "lost closed",
    },
    "mark_returned": {
        "label_created": "returned",
        "shipped": "returned",
        "delivered": "returned",
        "lost": "returned",
        "returned": "returned",
        "returned replaced": "returned replaced",
    },
    "mark_delivered": {
        "label_created": "delivered",
        "shipped": "delivered",
        "delivered": "delivered",
        "lost": "delivered",
        "returned": "delivered",
        "voided": "delivered",
        "lost refunded": "delivered refunded",
        "returned replaced": "delivered replaced",
        "lost closed": "delivered closed",
        "delivered refunded": "delivered refunded",
    },
    "refund": {
        "lost": "lost refunded",
        "returned": "returned refunded",
        "lost refunded": "lost refunded",
        "delivered refunded": "delivered refunded",
    },
    "replace": {
        "lost": "lost replaced",
        "returned": "returned replaced",
        "returned replaced": "returned replaced",
    },
    "close": {
        "lost": "lost closed",
        "returned": "returned closed",
        "delivered refunded": "delivered closed",
    },
    "in_transit": {
        "label_created": "shipped",
        "shipped": "shipped",
        "delivered": "delivered",
        "lost": "lost",
        "returned": "returned",
        "voided": "shipped",
        "lost refunded": "lost refunded",
        "returned replaced": "returned replaced",
        "lost closed": "lost closed",
        "delivered refunded": "delivered refunded",
    },
    "pre_transit": {state: state for state in PARCEL_STATES},
    "delivered": {
        "label_created": "delivered",
        "shipped": "delivered",
        "delivered": "delivered",
        "lost": "delivered",
        "returned": "returned",
        "voided": "delivered",
        "lost refunded": "delivered refunded",
        "returned replaced": "returned replaced",
        "lost closed": "delivered closed",
        "delivered refunded": "delivered refunded",
    },
}
CARRIER_EVENTS = {"in_transit", "pre_transit", "delivered"}


@pytest.mark.parametrize("state", PARCEL_STATES)
@pytest.mark.parametrize("act", ACTS)
def test_each_act_in_each_state(state, act):
    parcel = make_parcel_in(state)
    expected = ACTS[act].get(state)

    if act in CARRIER_EVENTS:
        report_status(act)
    elif expected is None:
        with pytest.raises(REFUSED):
            act_on_parcel(parcel, act)
    else:
        act_on_parcel(parcel, act)

    assert state_of(parcel) == (expected or state)
    assert violated_parcel_invariants() == []


def test_each_state_has_a_way_in_and_each_open_state_a_way_out():
    reached = {result for results in ACTS.values() for result in results.values()}
    left = {
        state for results in ACTS.values() for state, result in results.items() if result != state
    }

    assert set(PARCEL_STATES) - reached == set()
    assert {parcel for parcel in Parcel.Status if parcel not in left} == set()
    assert "delivered refunded" in left


def test_a_refund_of_a_lost_parcel_pays_once_and_ends_the_order():
    parcel = make_parcel_in("lost")
    order = Order.objects.get()

    made = act_on_parcel(parcel, "refund")
    again = act_on_parcel(parcel, "refund")

    assert again == made
    (refund,) = PaymentEvent.objects.filter(kind="refund_requested")
    assert refund.amount == order.total_amount  # all items, so with the delivery
    assert (made.kind, made.status, made.destination) == ("not_received", "refunded", "nowhere")
    assert PurchaseOrder.objects.get().status == "closed"
    assert Order.objects.get().status == "completed"


def test_a_replacement_of_a_returned_parcel_is_ordered_once_and_ends_the_order():
    parcel = make_parcel_in("returned")

    made = act_on_parcel(parcel, "replace")
    again = act_on_parcel(parcel, "replace")

    assert again.replacement == made.replacement
    original, replacement = Order.objects.order_by("pk")
    assert (original.status, replacement.status, replacement.total_amount) == (
        "completed", "placed", 0,
    )  # fmt: skip
    assert replacement.lines.get().quantity == 2
    assert not PaymentEvent.objects.filter(kind="refund_requested").exists()
    (event,) = Event.objects.filter(name="return.exchanged")
    assert event.payload["kind"] == "not_received"


def test_a_parcel_is_not_refunded_and_replaced():
    parcel = make_parcel_in("lost refunded")

    with pytest.raises(outcomes.CannotResolveError, match="Refunded"):
        act_on_parcel(parcel, "replace")

    assert Order.objects.count() == 1


def make_two_parcels():
    """Make an order of two units, one lost and one shipped in its own parcel."""
    purchase_order = make_accepted_purchase_order(make_sellable(quantity=9), quantity=2)
    settle(purchase_order.order)
    line = purchase_order.order.lines.get()
    for number in (1, 2):
        take_in(
            purchase_order,
            "partially_shipped",
            make_shipment_notice(
                f"CJPKL000000000{number}YQ",
                lines=[PurchaseOrderRequestLine(sku="", quantity=1, reference=str(line.pk))],
            ),
        )
    first, second = Parcel.objects.order_by("pk")
    act_on_parcel(first, "mark_lost")
    return first, second


def test_the_other_parcel_keeps_the_order_open():
    first, second = make_two_parcels()

    act_on_parcel(first, "refund")
    before = PurchaseOrder.objects.get().status
    act_on_parcel(second, "mark_delivered")

    (refund,) = PaymentEvent.objects.filter(kind="refund_requested")
    order = Order.objects.get()
    assert refund.amount == Decimal(order.lines.get().customer_charge_amount) / 2
    assert (before, PurchaseOrder.objects.get().status) == ("shipped", "closed")
    assert order.status == "completed"
    assert violated_parcel_invariants() == []


def complaint_units():
    return sum(find_returnable(order=Order.objects.get(), now=NOON).complaint_units.values())


def test_a_refund_of_lost_units_leaves_the_delivered_ones_to_complain_about():
    first, second = make_two_parcels()
    act_on_parcel(first, "refund")
    assert complaint_units() == 0

    act_on_parcel(second, "mark_delivered")
    assert complaint_units() == 1

    act_on_parcel(first, "mark_delivered")
    assert complaint_units() == 1

    declare(Order.objects.get(), 1, kind="defect")
    assert complaint_units() == 0


def test_a_lost_parcel_that_is_not_resolved_keeps_the_order_open():
    _lost, second = make_two_parcels()

    act_on_parcel(second, "mark_delivered")

    assert PurchaseOrder.objects.get().status == "shipped"


def test_units_in_another_return_are_not_refunded_again():
    parcel = make_parcel_in("shipped")
    declare(Order.objects.get(), 1)
    act_on_parcel(parcel, "mark_lost")

    with pytest.raises(CannotReturnError, match="another return"):
        act_on_parcel(parcel, "refund")

    assert ReturnAuthorization.objects.count() == 1
    act_on_parcel(parcel, "close")
    assert state_of(parcel) == "lost closed"


def test_the_customer_is_told_once_that_a_parcel_is_lost():
    parcel = make_parcel_in("shipped")

    report_status("lost")
    act_on_parcel(parcel, "mark_lost")
    report_status("lost", at=LATER)

    assert Event.objects.filter(name="parcel.lost").count() == 1


def test_a_label_marked_lost_was_never_announced_as_shipped():
    act_on_parcel(make_parcel_in("label_created"), "mark_lost")

    assert not Event.objects.filter(name="parcel.shipped").exists()
    assert Event.objects.filter(name="parcel.lost").count() == 1


def test_a_disputed_delivery_stays_lost_after_another_delivery_report():
    parcel = make_parcel_in("shipped")
    report_status("delivered")
    act_on_parcel(parcel, "mark_lost")

    report_status("delivered", at=LATER)
    take_in(parcel.shipment.purchase_order, "delivered")

    assert state_of(parcel) == "lost"
    assert Order.objects.get().lines.get().delivered_quantity == 0


def test_a_voided_label_frees_its_units_for_a_new_parcel():
    purchase_order = make_parcel_in("voided").shipment.purchase_order

    take_in(purchase_order, "shipped", make_shipment_notice("CJPKL0000000009YQ"))

    _voided, parcel = Parcel.objects.order_by("pk")
    assert (parcel.status, parcel.lines.get().quantity) == ("shipped", 2)
    assert violated_parcel_invariants() == []


def test_a_scan_restores_a_voided_label_without_the_units_of_another_parcel():
    parcel = make_parcel_in("voided")
    take_in(parcel.shipment.purchase_order, "shipped", make_shipment_notice("CJPKL0000000009YQ"))

    report_status("in_transit")

    assert state_of(parcel) == "shipped"
    assert not parcel.lines.exists()
    assert violated_parcel_invariants() == []


def test_a_supplier_alone_does_not_restore_a_voided_label():
    parcel = make_parcel_in("voided")

    take_in(parcel.shipment.purchase_order, "partially_shipped", make_shipment_notice())

    assert state_of(parcel) == "voided"
