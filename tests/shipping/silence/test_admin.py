"""Silence admin: limits are validated, the parcel page says which apply, the list filters."""

import pytest

from shipping.models import RouteTransit, SilenceCase, SilenceRule
from tests.factories.silence import make_silent, watch
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db

ADD = "/admin/shipping/silencerule/add/"
VALID = {
    "kind": "no_event",
    "carrier": "dhl",
    "origin": "cn",
    "destination": "EU",
    "customer_after_days": 5,
    "offer_after_days": 9,
    "staff_after_days": 6,
    "repeat_after_days": 7,
    "can_refund": "on",
    "kept_days": "",
}


def test_staff_add_limits_of_a_route(staff):
    response = staff.post(ADD, VALID)

    assert response.status_code == 302
    rule = SilenceRule.objects.latest("pk")
    assert (rule.carrier, rule.origin, rule.destination) == ("DHL", "CN", "EU")
    assert str(rule) == "No update in transit: DHL CN → EU"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"staff_after_days": 4}, "The customer is told first: enter at least 5 days."),
        ({"offer_after_days": 4}, "The offer comes with a message: enter at least 5 days."),
        ({"can_refund": ""}, "Allow a refund or a replacement, or offer nothing."),
        ({"kind": "pickup"}, "Nothing is offered for a parcel that the customer can collect."),
        ({"customer_after_days": 0}, "Enter at least 1 day."),
        ({"customer_after_days": ""}, "This field is required."),
        ({"repeat_after_days": 0}, "Enter at least 1 day."),
        ({"origin": "EN"}, "Enter a country code of two letters, such as DE, or EU."),
        ({"kept_days": 9}, "Only a parcel at a pickup point has this limit."),
        (
            {"kind": "pickup", "offer_after_days": "", "kept_days": 5},
            "The reminder must come before the last day: enter more than 5.",
        ),
    ],
)
def test_wrong_limits_are_refused(staff, changes, said):
    count = SilenceRule.objects.count()

    response = staff.post(ADD, VALID | changes)

    assert said in response.content.decode()
    assert SilenceRule.objects.count() == count


def test_the_same_limits_twice_are_refused(staff):
    staff.post(ADD, VALID)

    assert "already exists" in staff.post(ADD, VALID).content.decode()


def test_the_parcel_page_says_which_limits_apply(staff):
    parcel = make_silent("out_for_delivery")
    SilenceRule.objects.filter(kind="customs").delete()
    watch(7)

    text = staff.get(f"/admin/shipping/parcel/{parcel.pk}/change/").content.decode()

    assert "customer after 7 days, offer after 14 days, staff after 9 days" in text
    assert "customer after 2 days, no offer, staff after 4 days" in text
    assert "No limit: the customer is not told." in text


@pytest.mark.parametrize(("state", "found"), [("yes", 1), ("asked", 1), ("no", 0), ("", 1)])
def test_the_list_of_silent_parcels_filters(staff, state, found):
    make_silent("out_for_delivery")
    watch(14)
    case = SilenceCase.objects.get()

    page = f"/admin/shipping/silencecase/?open={state}" if state else "/admin/shipping/silencecase/"
    text = staff.get(page).content.decode()

    assert (f"/admin/shipping/silencecase/{case.pk}/change/" in text) == bool(found)
    assert ("Wait, Refund, Replacement" in text) == bool(found)


def test_observed_transit_times_are_listed(staff):
    RouteTransit.objects.create(
        carrier="DHL", origin="CN", destination="DE", min_days=5, max_days=9, parcels=20,
        measured_at=NOON,
    )  # fmt: skip

    assert "DHL" in staff.get("/admin/shipping/routetransit/").content.decode()
