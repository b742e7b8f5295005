"""Stripe webhooks: signed, stored once, in any order."""

import json
from datetime import timedelta

import pytest
import stripe
from django.urls import reverse

from orders.models import Order, Payment, PaymentEvent
from storefront.webhooks import processing
from storefront.webhooks.models import InboundWebhook
from tests.factories.orders import make_order
from tests.factories.stripe_orders import start
from tests.factories.suppliers import NOON
from tests.fakes.stripe_server import HOOK_SECRET

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock", "queued")]


@pytest.fixture(autouse=True)
def secret(settings):
    settings.STRIPE_WEBHOOK_SECRET = HOOK_SECRET


def post(client, body, *, at=NOON, secret=HOOK_SECRET, header=None):
    signed = stripe.WebhookSignature.generate_signature_header(
        body.decode(), secret, timestamp=int(at.timestamp())
    )
    return client.post(
        reverse("hook", args=["stripe"]),
        body,
        content_type="application/json",
        headers={"stripe-signature": signed if header is None else header},
    )


def event(**changes):
    fields = {"id": "evt_1", "type": "charge.captured", "data": {"object": {"id": "ch_1"}}}
    return json.dumps(fields | changes).encode()


def test_valid_event_is_stored_once_and_acknowledged_each_time(client, settings):
    settings.PAYMENT_GATEWAY = "fake"  # new payments use another gateway; old ones stay at Stripe
    answers = [post(client, event()).status_code for _ in range(3)]

    call = InboundWebhook.objects.get()
    assert answers == [200, 200, 200]
    assert (call.source, call.external_id, bytes(call.body)) == ("stripe", "evt_1", event())


def test_forged_and_stale_events_leave_no_row(client, settings):
    for changes, status in (
        ({"secret": "whsec_another"}, 401),
        ({"header": "t=1,v1=00"}, 401),
        ({"at": NOON - timedelta(seconds=301)}, 401),
        ({"at": NOON + timedelta(seconds=301)}, 401),
        ({"header": ""}, 400),
    ):
        assert post(client, event(), **changes).status_code == status, changes
    assert post(client, b'{"id": 7}').status_code == 400, "a signed body that is no event"
    settings.STRIPE_WEBHOOK_SECRET = ""
    assert post(client, event()).status_code == 404, "without a secret the source is unknown"
    assert InboundWebhook.objects.count() == 0


@pytest.mark.parametrize("is_reversed", [False, True])
def test_payment_webhooks_in_any_order_place_the_order(
    client,
    stripe,
    is_reversed,
):
    stripe.pay(start(make_order()).pay_url)
    bodies = [json.dumps(one).encode() for one in stripe.events()]
    if is_reversed:
        bodies.reverse()

    for body in [*bodies, *bodies]:
        assert post(client, body).status_code == 200
    for call in InboundWebhook.objects.order_by("pk"):
        processing.process(call=call, now=NOON)

    assert set(InboundWebhook.objects.values_list("status", flat=True)) == {"applied"}
    assert InboundWebhook.objects.count() == len(bodies)
    assert (Order.objects.get().status, Payment.objects.get().status) == ("placed", "authorized")
    assert PaymentEvent.objects.get().kind == "authorized"


def test_an_event_waits_while_stripe_cannot_be_asked(client, stripe):
    stripe.pay(start(make_order()).pay_url)
    post(client, json.dumps(stripe.events()[-1]).encode())
    call = InboundWebhook.objects.get()
    stripe.fault("500", path="GET /v1/")

    processing.process(call=call, now=NOON)
    call.refresh_from_db()
    waiting = call.status
    processing.process(call=call, now=call.due_at)

    call.refresh_from_db()
    assert (waiting, call.status) == ("received", "applied")


def test_event_of_another_shop_on_the_account_is_ignored(client, stripe):
    post(client, event(data={"object": {"id": "po_1", "object": "payout"}}))
    call = InboundWebhook.objects.get()

    processing.process(call=call, now=NOON)

    assert (call.status, call.problem) == ("ignored", "unknown event type")
