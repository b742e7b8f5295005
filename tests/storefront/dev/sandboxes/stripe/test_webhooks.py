"""Webhooks of the local Stripe sandbox: signed, repeated until acknowledged, in every mode."""

import json
import threading
from datetime import UTC, datetime

import pytest
from werkzeug import Response

from orders.gateways.stripe import webhook_signatures
from storefront.lib.security.webhook_signing import InvalidSignatureError
from tests.fakes.stripe_server import HOOK_SECRET
from tests.storefront.dev.sandboxes.stripe.payments import euros, opened
from tests.support.waiting import eventually

PAID = ["payment_intent.created", "charge.succeeded", "payment_intent.amount_capturable_updated"]
PAID += ["checkout.session.completed"]


class Inbox:
    """The shop's webhook endpoint: keeps each call, answers with the next status."""

    def __init__(self):
        self.lock = threading.Lock()
        self.calls = []
        self.answers = []

    def take(self, request):
        with self.lock:
            self.calls.append((dict(request.headers), request.get_data()))
            return Response(status=self.answers.pop(0) if self.answers else 200)

    def kinds(self):
        return [json.loads(body)["type"] for _, body in self.calls]

    def ids(self):
        return [json.loads(body)["id"] for _, body in self.calls]


@pytest.fixture
def inbox(httpserver, stripe):
    inbox = Inbox()
    httpserver.expect_request("/hooks/stripe/", method="POST").respond_with_handler(inbox.take)
    stripe.webhooks("normal", url=httpserver.url_for("/hooks/stripe/"))
    yield inbox
    stripe.webhooks("normal", url="")


def pay(gateway, stripe):
    payment = opened(gateway)
    stripe.pay(payment.pay_url)
    return payment.reference


def check(headers, body):
    lower = {name.lower(): value for name, value in headers.items()}
    webhook_signatures.check(headers=lower, body=body, secrets=[HOOK_SECRET], now=datetime.now(UTC))


def test_each_event_is_posted_signed(gateway, stripe, inbox):
    pay(gateway, stripe)
    eventually(lambda: len(inbox.calls) == len(PAID))

    for headers, body in inbox.calls:
        check(headers, body)
    assert inbox.kinds() == PAID
    assert inbox.ids() == [event["id"] for event in stripe.events()]


def test_an_event_is_repeated_under_its_id_until_it_is_acknowledged(gateway, stripe, inbox):
    stripe.webhooks("lost")
    pay(gateway, stripe)
    stripe.webhooks("normal")
    inbox.answers = [500, 302]

    stripe.control("warn", {"id": stripe.intent["id"]})
    eventually(lambda: len(inbox.calls) == 3)

    assert len(set(inbox.ids())) == 1
    assert len({body for _, body in inbox.calls}) == 1
    eventually(lambda: stripe.deliveries()[-1]["done_at"])
    assert stripe.deliveries()[-1]["attempts"] == 3
    moments = [int(headers["Stripe-Signature"][2:12]) for headers, _ in inbox.calls]
    assert moments == sorted(moments)
    assert moments[0] < moments[-1], "each attempt is signed at its own time"


def test_lost_events_can_be_replayed(gateway, stripe, inbox):
    stripe.webhooks("lost")
    reference = pay(gateway, stripe)
    stripe.webhooks("normal")
    gateway.capture(reference=reference, amount=euros("64.99"), key="capture:1", is_last=True)
    eventually(lambda: len(inbox.calls) == 2)
    posted_by_itself = inbox.kinds()

    stripe.control("replay", {})
    eventually(lambda: len(inbox.calls) == 2 + len(PAID) + 2)

    captured = ["charge.captured", "payment_intent.succeeded"]
    assert posted_by_itself == captured
    assert inbox.kinds()[2:] == PAID + captured


def test_a_duplicated_event_has_one_id_and_a_delayed_one_comes_later(gateway, stripe, inbox):
    stripe.webhooks("delayed", delay_s=0.5)
    pay(gateway, stripe)
    posted_by_then = len(inbox.calls)
    eventually(lambda: len(inbox.calls) == len(PAID))
    stripe.webhooks("duplicate")

    stripe.control("warn", {"id": stripe.intent["id"]})
    eventually(lambda: len(inbox.calls) == len(PAID) + 3)

    assert posted_by_then == 0
    assert len(set(inbox.ids()[-3:])) == 1


def test_events_out_of_order_come_newest_first(gateway, stripe, inbox):
    stripe.webhooks("out_of_order")
    reference = pay(gateway, stripe)
    gateway.release(reference=reference, amount=euros("64.99"), key="release:1")

    eventually(lambda: len(inbox.calls) == len(PAID) + 1)

    assert inbox.kinds() == ["payment_intent.canceled", *reversed(PAID)]


def test_event_with_a_bad_signature_is_repeated_with_a_valid_one(gateway, stripe, inbox):
    stripe.webhooks("lost")
    pay(gateway, stripe)
    inbox.answers = [401]
    stripe.webhooks("bad_signature")
    stripe.control("warn", {"id": stripe.intent["id"]})
    eventually(lambda: inbox.calls)
    stripe.webhooks("normal")
    eventually(lambda: len(inbox.calls) == 2)
    (bad_headers, body), (good_headers, same_body) = inbox.calls

    with pytest.raises(InvalidSignatureError):
        check(bad_headers, body)
    check(good_headers, same_body)
    assert body == same_body
