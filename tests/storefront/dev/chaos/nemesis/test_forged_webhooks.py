"""Forged webhooks: the shop's endpoint refuses forged and stale ones, accepts repeated ones."""

import json
from random import Random
from types import SimpleNamespace

import pytest

from orders.gateways import gateway_for
from storefront.dev.chaos.nemesis import forged_webhooks
from storefront.dev.chaos.nemesis.forged_webhooks import WebhookForger
from storefront.lib.money import Money
from storefront.webhooks import processing, reception
from storefront.webhooks.models import InboundWebhook
from tests.fakes.stripe_server import HOOK_SECRET

pytestmark = pytest.mark.django_db(transaction=True)
STATUSES = {"forged": 401, "changed": 401, "stale": 401, "again": 200, "unsigned": 400}


@pytest.fixture
def webhook_forger(stripe, tmp_path, monkeypatch, client):
    opened = gateway_for("stripe").open(
        key="k",
        amount=Money.from_minor(2000, "EUR"),
        description="FL-1",
        return_url="http://shop.example/",
        locale="en",
    )
    stripe.pay(opened.pay_url)
    (tmp_path / "gateway").symlink_to(stripe.folder)

    def post(_url, body, headers):
        return client.post(
            "/hooks/stripe/", body, content_type="application/json", headers=headers
        ).status_code

    monkeypatch.setattr(forged_webhooks, "post", post)
    monkeypatch.setattr(reception.process, "delay", lambda **_: None)
    env = {"STRIPE_WEBHOOK_SECRET": HOOK_SECRET}
    place = SimpleNamespace(var=tmp_path, hook_url="", stage=SimpleNamespace(env=env))
    return WebhookForger(place=place, rng=Random(1))


@pytest.mark.parametrize("kind", STATUSES)
def test_only_a_repeated_webhook_is_accepted(webhook_forger, stripe, kind):
    event = stripe.events()[-1]

    status = getattr(webhook_forger, f"_{kind}")(event)

    assert status == STATUSES[kind]
    assert InboundWebhook.objects.count() == (status == 200)


def test_a_webhook_of_an_unknown_payment_is_accepted_and_ignored(webhook_forger, stripe):
    assert webhook_forger._unknown(stripe.events()[-1]) == 200

    call = InboundWebhook.objects.get()
    processing.process(call=call, now=call.received_at)
    assert (call.status, {call.external_id}) == ("ignored", webhook_forger.unknown)
    assert json.loads(bytes(call.body))["data"]["object"]["object"] == "payment_intent"


def test_many_webhooks_are_all_answered_correctly(webhook_forger):
    webhook_forger.post_many(count=30)

    assert sum(webhook_forger.sent.values()) == 30
    assert webhook_forger.wrong == []
