"""Webhooks of the tracking provider: signed on raw bytes, stored before they are parsed."""

from datetime import timedelta

import pytest
from django.urls import reverse

from notifications.models import Event
from shipping.models import Parcel, TrackingEvent, TrackingProvider, TrackingRegistration
from shipping.trackers import tasks as tracker_tasks
from storefront.webhooks import processing
from storefront.webhooks.models import InboundWebhook
from tests.factories.orders import make_sellable
from tests.factories.shipping import (
    CJ_NUMBER,
    make_accepted_purchase_order,
    make_shipment_notice,
    take_in,
)
from tests.factories.suppliers import NOON

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock", "queued")]


@pytest.fixture
def parcel(tracking_provider):
    """A parcel with a label, registered at the provider."""
    purchase_order = make_accepted_purchase_order(make_sellable())
    take_in(purchase_order, "accepted", make_shipment_notice())
    tracker_tasks.follow_parcels()
    return Parcel.objects.get()


def post(client, body, headers):
    return client.post(
        reverse("hook", args=["17track"]), body, content_type="application/json", headers=headers
    )


def process_all(now=NOON):
    for call in InboundWebhook.objects.filter(status="received").order_by("pk"):
        processing.process(call=call, now=now)


def test_events_arrive_by_webhook_once_in_any_order(client, tracking_provider, parcel):
    tracking_provider.control("advance", {"number": CJ_NUMBER, "steps": 7})
    stored = tracking_provider.webhooks()

    for body, headers in [*reversed(stored), *stored]:
        assert post(client, body, headers).status_code == 200
    process_all()

    parcel.refresh_from_db()
    assert InboundWebhook.objects.filter(status="applied").count() == len(stored) == 7
    assert (parcel.status, parcel.carrier_status) == ("delivered", "delivered")
    assert TrackingEvent.objects.count() == 7
    names = Event.objects.filter(name__startswith="parcel.").order_by("pk")
    assert [*names.values_list("name", flat=True)] == ["parcel.shipped", "parcel.delivered"]
    assert TrackingProvider.objects.get().webhook_at == NOON


def test_forged_and_altered_webhooks_leave_no_row(client, tracking_provider, parcel):
    tracking_provider.control("advance", {"number": CJ_NUMBER})
    ((body, headers),) = tracking_provider.webhooks()

    for given, text, status in (
        ({}, body, 400),
        ({"sign": "0" * 64}, body, 401),
        (headers, body.replace(b"Shenzhen", b"Berlin"), 401),
        (headers, body + b" ", 401),
    ):
        assert post(client, text, given).status_code == status
    assert not InboundWebhook.objects.exists()


def test_an_old_webhook_changes_nothing(client, tracking_provider, parcel):
    """The signature holds no time; an old report only adds events that are missing."""
    tracking_provider.control("advance", {"number": CJ_NUMBER, "steps": 6})
    stored = tracking_provider.webhooks()
    for body, headers in stored:
        post(client, body, headers)
    process_all()
    InboundWebhook.objects.all().delete()  # as if it were months later

    post(client, *stored[0])
    process_all(NOON + timedelta(days=90))

    parcel.refresh_from_db()
    assert parcel.carrier_status == "out_for_delivery"
    assert TrackingEvent.objects.count() == 6


def test_the_provider_may_stop_and_report_strangers(client, tracking_provider, parcel):
    tracking_provider.control("stop", {"number": CJ_NUMBER})
    tracking_provider.client.post(
        "/track/v2.4/register",
        json=[{"number": "STRANGER01"}],
        headers={"17token": tracking_provider.state.rules.key},
    )
    tracking_provider.control("advance", {"number": "STRANGER01"})
    for body, headers in tracking_provider.webhooks():
        post(client, body, headers)
    process_all()

    assert [*InboundWebhook.objects.order_by("pk").values_list("status", "problem")] == [
        ("applied", ""),
        ("ignored", "no registered parcel has this number"),
    ]
    assert TrackingRegistration.objects.get().due_at is None


def test_an_unknown_event_is_ignored_and_a_malformed_one_fails(client, tracking_provider):
    state = tracking_provider.state
    for number, body in enumerate((b'{"event": "TRACKING_NEW"}', b'{"event": 1}')):
        state.ledger.insert("messages", body=body.decode(), state="waiting", due_s=number)
    for body, headers in tracking_provider.webhooks():
        post(client, body, headers)
    process_all()

    statuses = InboundWebhook.objects.order_by("pk").values_list("status", flat=True)
    assert [*statuses] == ["ignored", "failed"]


def test_without_a_key_there_is_no_such_source(client, settings):
    settings.SEVENTEEN_TRACK_KEY = ""

    assert post(client, b"{}", {"sign": "0" * 64}).status_code == 404
