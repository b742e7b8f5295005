"""Forged, stale and repeated webhooks of chaos meet the shop's own endpoint."""

from __future__ import annotations

import json
from random import Random
from types import SimpleNamespace

import pytest

from orders.gateways import gateway_for
from storefront.dev.chaos.nemesis import forged_webhooks
from storefront.dev.chaos.nemesis.forged_webhooks import Storm
from storefront.lib.money import Money
from storefront.webhooks import processing, views
from storefront.webhooks.models import InboundCall
from tests.fakes.stripe_server import HOOK_SECRET

pytestmark = pytest.mark.django_db(transaction=True)
STATUSES = {"forged": 401, "changed": 401, "stale": 401, "again": 200, "unsigned": 400}


@pytest.fixture
def storm(stripe, tmp_path, monkeypatch, client):
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
    monkeypatch.setattr(views.handle, "delay", lambda **_: None)
    env = {"STRIPE_WEBHOOK_SECRET": HOOK_SECRET}
    place = SimpleNamespace(var=tmp_path, hook_url="", stage=SimpleNamespace(env=env))
    return Storm(place=place, luck=Random(1))


@pytest.mark.parametrize("kind", STATUSES)
def test_only_a_repeated_webhook_is_accepted(storm, stripe, kind):
    event = stripe.events()[-1]

    status = getattr(storm, f"_{kind}")(event)

    assert status == STATUSES[kind]
    assert InboundCall.objects.count() == (status == 200)


def test_a_webhook_of_an_unknown_payment_is_accepted_and_ignored(storm, stripe):
    assert storm._unknown(stripe.events()[-1]) == 200

    call = InboundCall.objects.get()
    processing.handle(call=call, now=call.received_at)
    assert (call.status, {call.external_id}) == ("ignored", storm.unknown)
    assert json.loads(bytes(call.body))["data"]["object"]["object"] == "payment_intent"


def test_a_storm_finds_nothing_wrong(storm):
    storm.rage(count=30)

    assert sum(storm.sent.values()) == 30
    assert storm.wrong == []
