"""Concurrent updates of an order's parcels lock the same rows in the same order."""

import threading

import pytest
from django.db import DatabaseError, connection, transaction

from orders.models import Allocation, OrderLine
from shipping.shipments import shipments
from suppliers.connectors.records import PurchaseOrderRequestLine
from tests.factories.orders import make_sellable
from tests.factories.shipping import make_accepted_purchase_order, make_shipment_notice, make_state
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db(transaction=True)


def test_allocations_are_locked_in_id_order_for_any_parcel():
    purchase_order = make_accepted_purchase_order(make_sellable(), make_sellable())
    first, last = Allocation.objects.order_by("pk")
    for allocation in (first, last):
        allocation.move(Allocation.Status.SEEN, at=NOON, absorbed_by="staff")
    lines = [OrderLine.objects.get(pk=each.line_id) for each in (last, first)]
    parcels = [
        make_shipment_notice(
            f"CJPKL000000000{place}YQ",
            lines=[PurchaseOrderRequestLine(sku="", quantity=1, reference=str(line.pk))],
        )
        for place, line in enumerate(lines)
    ]

    def take_in():
        try:
            state = make_state(purchase_order, "shipped", *parcels)
            shipments.import_parcels(purchase_order=purchase_order, state=state, now=NOON)
        finally:
            connection.close()

    thread = threading.Thread(target=take_in)
    with transaction.atomic():
        Allocation.objects.select_for_update(of=["self"]).get(pk=first.pk)
        thread.start()
        thread.join(0.7)  # it waits for the first allocation now
        is_waiting = thread.is_alive()
        try:
            Allocation.objects.select_for_update(of=["self"], nowait=True).get(pk=last.pk)
            is_free = True
        except DatabaseError:
            is_free = False
    thread.join()

    assert (is_waiting, is_free) == (True, True)
    assert set(Allocation.objects.values_list("status", flat=True)) == {Allocation.Status.SHIPPED}
