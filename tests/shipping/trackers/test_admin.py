"""Staff pages: the sources of a parcel's events, and the health of the tracking provider."""

from html import unescape

import pytest
from django.urls import reverse

from shipping.models import Parcel, TrackingProvider, TrackingRegistration
from shipping.trackers import tasks
from tests.factories.orders import make_sellable
from tests.factories.shipping import make_accepted_purchase_order, make_shipment_notice, take_in
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db
NO_PROVIDER = "no tracking provider is configured"
REJECTED = "The tracking provider does not track this number: no carrier"


@pytest.fixture
def parcel():
    take_in(make_accepted_purchase_order(make_sellable()), "accepted", make_shipment_notice())
    return Parcel.objects.get()


def page(client, row):
    name = f"admin:shipping_{row._meta.model_name}_change"
    return unescape(client.get(reverse(name, args=[row.pk])).content.decode())


@pytest.mark.parametrize(
    ("registration", "text"),
    [
        ({}, "The supplier"),
        ({"due_at": NOON}, "Registration at the tracking provider is due"),
        ({"problem": "no carrier"}, REJECTED),
        ({"registered_at": NOON}, "The supplier and the tracking provider"),
    ],
)
def test_a_parcel_names_the_sources_of_its_events(
    admin_client, settings, parcel, registration, text
):
    settings.SEVENTEEN_TRACK_KEY = "key"
    if registration:
        TrackingRegistration.objects.create(parcel=parcel, number=parcel.number, **registration)

    assert text in page(admin_client, parcel)


def test_without_a_provider_a_parcel_says_that_it_is_not_followed(admin_client, settings, parcel):
    settings.SEVENTEEN_TRACK_KEY = ""

    assert NO_PROVIDER in page(admin_client, parcel)


def test_a_parcel_shows_its_registration_and_the_source_of_each_event(
    admin_client, tracking_provider, parcel
):
    tasks.follow_parcels()
    tracking_provider.control("advance", {"number": parcel.number, "steps": 2})
    TrackingRegistration.objects.update(due_at=NOON)
    tasks.follow_parcels()

    shown = page(admin_client, parcel)

    assert "Parcel accepted by the carrier" in shown
    assert "Tracking provider" in shown
    assert "CJPacket" in shown


@pytest.mark.parametrize(
    ("key", "problem", "text"),
    [("", "", "not configured"), ("key", "", "yes"), ("key", "HTTP 500", "HTTP 500")],
)
def test_the_health_of_the_provider_is_shown(admin_client, settings, key, problem, text):
    settings.SEVENTEEN_TRACK_KEY = key
    TrackingProvider.objects.create(
        code="17track", problem=problem, problem_since=NOON if problem else None
    )

    listed = admin_client.get(reverse("admin:shipping_trackingprovider_changelist"))

    assert text in unescape(listed.content.decode())


def test_without_calls_staff_read_what_is_not_followed(admin_client):
    listed = admin_client.get(reverse("admin:shipping_trackingprovider_changelist"))

    assert "these parcels are not tracked" in unescape(listed.content.decode())
