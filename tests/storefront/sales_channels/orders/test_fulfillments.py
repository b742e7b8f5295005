"""Fulfillments: a store is told of each parcel once, and of changed tracking data."""

from datetime import timedelta

import pytest

from orders.models import PurchaseOrder
from orders.payments import captures, refunds
from orders.payments.tasks import execute_request
from orders.purchasing import acknowledgements, submission
from shipping.models import Parcel
from storefront.lib.http.errors import PermanentError
from storefront.sales_channels.models import RemoteFulfillment
from storefront.sales_channels.orders import fulfillments, sweeps
from tests.factories import shipping
from tests.factories.inbox_items import items_of
from tests.factories.remote_orders import eur, make_line, make_remote_order, take_in
from tests.factories.shipping import make_shipment_notice, make_state
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
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


def test_what_waits_for_a_disconnected_store_is_one_item_until_it_is_connected_again(
    connection, store, purchase_order
):
    fulfillments.store_new(connection, now=NOON)
    assert len(items_of("store_parcel_unreported", now=LATER)) == 1
    refunds.refund(
        order=purchase_order.order, amount=eur("5"), key="1",
        reason="late", actor="erika", now=NOON,
    )  # fmt: skip

    connection.move("disconnected", at=NOON)

    assert items_of("store_parcel_unreported", now=LATER) == []
    [item] = items_of("store_not_connected", now=LATER)
    assert (item.at_risk, item.detail) == (eur("5"), "Refunds: 1, cancellations: 0, parcels: 1")
    assert captures.due_requests(now=LATER) == []

    connection.move("active", at=LATER)

    [request] = captures.due_requests(now=LATER)
    execute_request(request_id=request)
    sweeps.report(connection=connection, now=LATER)
    assert items_of("store_not_connected", now=LATER + DAY) == []
    assert str(store.orders["1001"].refunded) == "5.00 EUR"
    assert len(store.fulfillments) == 1
