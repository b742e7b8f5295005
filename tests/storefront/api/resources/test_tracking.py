import pytest

from shipping.models import Parcel, ParcelLine, Shipment, TrackingEvent
from tests.factories.shipping import make_accepted_purchase_order
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db


def make_parcel(purchase_order, number="YT1234567890123456", **columns):
    created = {"created_at": NOON}
    shipment, _ = Shipment.objects.get_or_create(purchase_order=purchase_order, defaults=created)
    known = {"carrier": "YunExpress", "tracking_url": f"https://track.example/{number}"}
    moments = {"status_since": NOON, "label_created_at": NOON}
    parcel = Parcel.objects.create(shipment=shipment, number=number, **known, **moments, **columns)
    ParcelLine.objects.create(
        parcel=parcel, order_line=purchase_order.order.lines.get(), quantity=1
    )
    TrackingEvent.objects.create(
        parcel=parcel,
        external_id=f"e-{number}",
        carrier_status="in_transit",
        description="Left the hub",
        place="Leipzig",
        happened_at=NOON,
        received_at=NOON,
    )
    return parcel


def track(api, order):
    bearer = f"Bearer {order.access_key}"
    return api.get(f"/api/v1/orders/{order.number}/tracking/", authorization=bearer)


def test_parcels_have_lines_and_events(api):
    purchase_order = make_accepted_purchase_order()
    make_parcel(purchase_order)

    (parcel,) = track(api, purchase_order.order).json()["parcels"]

    assert (parcel["carrier"], parcel["number"]) == ("YunExpress", "YT1234567890123456")
    assert parcel["tracking_url"].endswith("yuntrack.com/parcelTracking?id=YT1234567890123456")
    assert parcel["lines"][0]["quantity"] == 1
    assert parcel["events"] == [
        {
            "carrier_status": "in_transit",
            "description": "Left the hub",
            "place": "Leipzig",
            "happened_at": "2026-11-24T12:00:00Z",
        }
    ]


def test_last_mile_and_resolution_are_shown(api):
    purchase_order = make_accepted_purchase_order()
    last_mile = {"last_mile_carrier": "DHL", "last_mile_number": "JJD000111222333444"}
    make_parcel(purchase_order, status="lost", resolution="closed", **last_mile)

    (parcel,) = track(api, purchase_order.order).json()["parcels"]

    assert {name: parcel[name] for name in last_mile} == last_mile
    assert (parcel["status"], parcel["resolution"]) == ("lost", "closed")


def test_query_count_is_independent_of_parcels(api, django_assert_max_num_queries):
    purchase_order = make_accepted_purchase_order()
    make_parcel(purchase_order, number="YT-voided", status="voided")
    for number in range(4):
        make_parcel(purchase_order, number=f"YT{number}")

    with django_assert_max_num_queries(5):
        answer = track(api, purchase_order.order)

    shown = sorted(parcel["number"] for parcel in answer.json()["parcels"])
    assert shown == ["YT0", "YT1", "YT2", "YT3"], "a voided parcel is not listed"
