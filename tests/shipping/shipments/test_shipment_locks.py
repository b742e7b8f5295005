"""Concurrent updates of an order's parcels lock the same rows in the same order."""

import pytest
from django.db import transaction

from orders.models import Allocation, OrderLine
from shipping.shipments import shipments
from suppliers.connectors.records import PurchaseOrderRequestLine
from tests.factories.orders import make_sellable
from tests.factories.shipping import make_accepted_purchase_order, make_shipment_notice, make_state
from tests.factories.suppliers import NOON
from tests.support.concurrency import Rival

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

    state = make_state(purchase_order, "shipped", *parcels)
    other = Rival(
        lambda: shipments.import_parcels(purchase_order=purchase_order, state=state, now=NOON)
    )

    with transaction.atomic():
        Allocation.objects.select_for_update(of=["self"]).get(pk=first.pk)
        other.begin()  # it waits for the first allocation
        Allocation.objects.select_for_update(of=["self"], nowait=True).get(pk=last.pk)
    other.finish()

    assert set(Allocation.objects.values_list("status", flat=True)) == {Allocation.Status.SHIPPED}
