import pytest
from django.db import transaction

from notifications.models import Event
from shipping.models import Parcel
from shipping.shipments import carrier_confirmation, fulfillment, tracking
from storefront.lib.state_machine import ConcurrentUpdateError, StatusChange
from tests.factories.orders import make_sellable
from tests.factories.shipping import make_accepted_purchase_order, make_shipment_notice, take_in
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db
UPS_NUMBER = "1Z999AA10123456784"


def make_parcel(number, carrier):
    purchase_order = make_accepted_purchase_order(make_sellable())
    (parcel,) = take_in(purchase_order, "shipped", make_shipment_notice(number, carrier)).parcels
    return parcel


def confirm(parcel, reported):
    with transaction.atomic():
        purchase_order = tracking.lock_purchase_order(parcel.shipment.purchase_order_id)
        known = {"parcel": parcel, "purchase_order": purchase_order, "now": NOON}
        carrier_confirmation.confirm_carrier(reported=reported, actor="tracking provider", **known)
        fulfillment.notify_once(**known)
    parcel.refresh_from_db()


def changes(parcel):
    moves = StatusChange.objects.filter(subject="shipping.Parcel", subject_id=parcel.pk)
    moves = moves.filter(status_field__startswith="carrier").order_by("pk")
    return list(moves.values_list("status_field", "from_status", "to_status"))


def test_another_carrier_that_reports_events_becomes_the_carrier():
    parcel = make_parcel(UPS_NUMBER, "DPD")
    assert parcel.carrier_finding == "other_carrier"

    for _ in range(2):
        confirm(parcel, "UPS")

    assert (parcel.carrier, parcel.carrier_finding) == ("UPS", "")
    assert "ups.com" in parcel.tracking_url
    assert changes(parcel) == [("carrier", "DPD", "UPS")]
    assert Event.objects.filter(name="parcel.shipped").count() == 1, "the customer is told once"


@pytest.mark.parametrize(
    ("number", "stated", "reported", "carrier"),
    [
        ("1Z999AA10123456785", "UPS", "UPS", "UPS"),
        ("JJD000390007882123456", "DHL", "DHL Express", "DHL Express"),
        ("00340435061352161527", "DHL Paket", "DHL", "DHL Paket"),
        ("123456789013", "Parcel", "FedEx", "FedEx"),
    ],
)
def test_the_first_event_settles_the_carrier(number, stated, reported, carrier):
    parcel = make_parcel(number, stated)

    confirm(parcel, reported)

    assert (parcel.carrier, parcel.carrier_finding) == (carrier, "")


@pytest.mark.parametrize("reported", ["", "Camel Express", "DHL or UPS"])
def test_an_unknown_name_changes_nothing(reported):
    parcel = make_parcel(UPS_NUMBER, "DPD")

    confirm(parcel, reported)

    assert (parcel.carrier, parcel.carrier_finding, changes(parcel)) == ("DPD", "other_carrier", [])


def test_a_number_stays_unique_for_its_carrier():
    parcel = make_parcel("123456789013", "GLS")
    Parcel.objects.create(
        shipment=parcel.shipment,
        carrier="FedEx",
        number=parcel.number,
        status_since=NOON,
        label_created_at=NOON,
    )

    confirm(parcel, "FedEx")

    assert (parcel.carrier, parcel.carrier_finding) == ("GLS", "other_carrier")


def test_staff_keep_a_carrier_once():
    parcel = make_parcel("1Z999AA10123456785", "UPS")

    carrier_confirmation.keep_carrier(parcel=parcel, actor="ann", now=NOON)
    with pytest.raises(ConcurrentUpdateError):
        carrier_confirmation.keep_carrier(parcel=parcel, actor="bob", now=NOON)

    assert changes(parcel) == [("carrier_finding", "check_digit", "")]


def test_a_kept_carrier_is_checked_again_unless_it_changed_since():
    parcel = make_parcel("1Z999AA10123456785", "UPS")
    carrier_confirmation.keep_carrier(parcel=parcel, actor="ann", now=NOON)

    carrier_confirmation.restore_finding(parcel=parcel, actor="bob", now=NOON)
    assert parcel.carrier_finding == "check_digit"
    assert changes(parcel)[-1] == ("carrier_finding", "", "check_digit")
    with pytest.raises(ConcurrentUpdateError):
        carrier_confirmation.restore_finding(parcel=parcel, actor="bob", now=NOON)

    confirm(parcel, "UPS")
    with pytest.raises(ConcurrentUpdateError):
        carrier_confirmation.restore_finding(parcel=parcel, actor="bob", now=NOON)
