"""Fulfillments: a store is told of each parcel once, and of changed tracking data."""

from datetime import timedelta

import pytest

from orders.models import PurchaseOrder
from orders.purchasing import acknowledgements, submission
from shipping.models import Parcel
from storefront.lib.http.errors import PermanentError
from storefront.sales_channels.models import RemoteFulfillment
from storefront.sales_channels.orders import fulfillments, sweeps
from tests.factories import shipping
from tests.factories.inbox_items import items_of
from tests.factories.remote_orders import make_line, make_remote_order, take_in
from tests.factories.shipping import make_shipment_notice, make_state
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(hours=3)


@pytest.fixture
def purchase_order(connection, store, lamp):
    """A purchase order of an order of the store that has shipped in one parcel."""
    make_remote_order(store, lines=[make_line(lamp, quantity=2)])
    order = take_in(connection).order
    [purchase_order] = submission.create_purchase_orders(order=order, now=NOON)
    purchase_order.move(PurchaseOrder.Status.READY, at=NOON)
    for status in (PurchaseOrder.Submission.SUBMITTING, PurchaseOrder.Submission.SUBMITTED):
        purchase_order.move(status, at=NOON, status_field="submission_status")
    acknowledgements.apply(
        purchase_order=purchase_order, state=make_state(purchase_order, "accepted"), now=NOON
    )
    shipping.take_in(purchase_order, "shipped", make_shipment_notice())
    return purchase_order


def test_a_parcel_is_reported_once_with_its_units(connection, store, purchase_order):
    sweeps.report(connection=connection, now=NOON)
    sweeps.report(connection=connection, now=NOON)

    [(external_id, written)] = store.fulfillments.items()
    parcel = Parcel.objects.get()
    assert (written.order_id, written.units) == ("1001", {"l1": 2})
    assert (written.tracking_number, written.carrier) == (parcel.number, parcel.carrier)
    assert RemoteFulfillment.objects.get().external_id == external_id
    assert len([call for call in store.calls if call.startswith("fulfillment")]) == 1


def test_new_tracking_data_updates_the_fulfillment(connection, store, purchase_order):
    sweeps.report(connection=connection, now=NOON)
    Parcel.objects.update(number="NEW-1")

    sweeps.report(connection=connection, now=NOON)

    [written] = store.fulfillments.values()
    assert written.tracking_number == "NEW-1"
    assert len([call for call in store.calls if call.startswith("tracking")]) == 1


def test_a_lost_answer_makes_no_second_fulfillment(connection, store, purchase_order):
    sweeps.report(connection=connection, now=NOON)
    RemoteFulfillment.objects.update(external_id="", sent_digest="")

    sweeps.report(connection=connection, now=LATER)

    assert len(store.fulfillments) == 1
    assert RemoteFulfillment.objects.get().external_id == "f1"


def test_a_refusal_is_stored_for_staff_and_tried_again(connection, store, purchase_order):
    store.failures = [PermanentError("unknown carrier", code="422")]
    sweeps.report(connection=connection, now=NOON)

    fulfillment = RemoteFulfillment.objects.get()
    assert (fulfillment.problem, fulfillment.external_id) == ("unknown carrier", "")
    assert fulfillment.due_at > NOON

    sweeps.report(connection=connection, now=LATER)

    fulfillment.refresh_from_db()
    assert (fulfillment.problem, fulfillment.external_id) == ("", "f1")


def test_a_disconnected_store_is_told_of_nothing_and_staff_see_no_item(
    connection, store, purchase_order
):
    fulfillments.store_new(connection, now=NOON)
    [item] = items_of("store_parcel_unreported", now=LATER)

    connection.move("disconnected", at=NOON)

    assert item
    assert items_of("store_parcel_unreported", now=LATER) == []
