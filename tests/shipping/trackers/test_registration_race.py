"""Two workers claim due registrations at once: each row goes to one of them."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections

from shipping.models import Parcel, TrackingRegistration
from shipping.trackers import registrations
from tests.factories.orders import make_sellable
from tests.factories.shipping import make_accepted_purchase_order, make_shipment_notice, take_in
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db(transaction=True)
ROWS, WORKERS = 40, 4


def test_each_row_is_claimed_by_one_worker():
    take_in(make_accepted_purchase_order(make_sellable()), "accepted", make_shipment_notice())
    shipment = Parcel.objects.get().shipment
    parcels = Parcel.objects.bulk_create(
        Parcel(
            shipment=shipment,
            carrier="DHL",
            number=f"NUMBER{count:05}",
            status_since=NOON,
            label_created_at=NOON,
        )
        for count in range(ROWS)
    )
    TrackingRegistration.objects.bulk_create(
        TrackingRegistration(parcel=parcel, number=parcel.number, due_at=NOON) for parcel in parcels
    )
    start = Barrier(WORKERS)

    def claim():
        start.wait()
        try:
            rows = registrations.claim(limit=ROWS // 2, is_registered=False, now=NOON)
        finally:
            connections.close_all()
        return [row.pk for row in rows]

    with ThreadPoolExecutor(WORKERS) as pool:
        claimed = [
            pk for future in [pool.submit(claim) for _ in range(WORKERS)] for pk in future.result()
        ]

    assert len(claimed) == len({*claimed}) == ROWS
