"""Webhook subscriptions of API keys: they end with their key, and only it sees their addresses."""

from datetime import timedelta

import pytest

from storefront.api.core import api_keys, idempotency
from storefront.api.models import ApiKey, IdempotencyRecord
from storefront.events import subscriptions
from storefront.events.models import WebhookSubscription
from storefront.lib.security.encryption import decrypt
from tests.factories.api import ADMIN, merchant_caller
from tests.factories.events import make_subscription
from tests.factories.suppliers import NOON
from tests.storefront.api.schema_client import kind_of
from tests.support.concurrency import all_at_once

pytestmark = pytest.mark.django_db
SUBSCRIPTIONS = f"{ADMIN}webhook-subscriptions/"
HOOKS = f"{ADMIN}hooks/"
TARGET = "http://127.0.0.1:9000/hooks/catch/abc?key=secret"
MASKED = "http://127.0.0.1:9000/***"
HOOK = {"target_url": TARGET, "event": "order.paid"}


def create(caller, key="k1"):
    return caller.post(SUBSCRIPTIONS, {"url": TARGET}, key=key)


def revoke(name="erp"):
    api_keys.revoke(key=ApiKey.objects.get(name=name), actor="ann", now=NOON)


def test_a_revoked_key_ends_its_hooks_and_subscriptions_only(merchant):
    other = merchant_caller(name="shelf")
    other.post(HOOKS, HOOK)
    create(merchant)
    merchant.post(HOOKS, HOOK)
    page = f"{SUBSCRIPTIONS}{merchant.post(HOOKS, HOOK).json()['id']}/"

    revoke()

    shown = other.get(page).json()
    assert (shown["status"], shown["problem"]) == ("disabled", subscriptions.KEY_ENDED)
    (active,) = WebhookSubscription.objects.filter(status="active")
    assert active.api_key == ApiKey.objects.get(name="shelf").prefix


def test_a_subscription_remembers_when_its_key_expires():
    until = NOON + timedelta(days=1)
    merchant_caller(expires_at=until).post(HOOKS, HOOK)
    assert WebhookSubscription.objects.get().api_key_ends_at == until


def test_a_subscription_of_an_ended_key_is_resumed_only_with_a_new_address(merchant):
    page = f"{SUBSCRIPTIONS}{create(merchant).json()['id']}/"
    other = merchant_caller(name="shelf")
    revoke()

    refused = other.call("PATCH", page, body={"status": "active"})
    renewed = other.call("PATCH", page, body={"status": "active", "url": TARGET})

    assert (kind_of(refused), refused.json()["reason"]) == (
        "invalid-status",
        subscriptions.KEY_ENDED,
    )
    assert (renewed.json()["status"], renewed.json()["url"]) == ("active", TARGET)
    revoke("shelf")
    assert WebhookSubscription.objects.get().status == "disabled"


def test_a_key_revoked_during_the_request_subscribes_nothing(merchant, monkeypatch):
    monkeypatch.setattr(subscriptions, "check_address", lambda _url: revoke())

    answer = merchant.post(HOOKS, HOOK)

    assert kind_of(answer) == "invalid-api-key"
    assert not WebhookSubscription.objects.exists()


def test_only_the_key_that_set_an_address_sees_its_path_and_query(merchant):
    made = create(merchant).json()["id"]
    staff = make_subscription(TARGET)
    other = merchant_caller(name="shelf")

    def seen(caller):
        return [row["url"] for row in caller.get(SUBSCRIPTIONS).json()["results"]]

    assert (seen(merchant), seen(other)) == ([TARGET, MASKED], [MASKED, MASKED])
    page = f"{SUBSCRIPTIONS}{staff.pk}/"
    found = other.get(page)
    changed = other.call(
        "PATCH", page, body={"types": []}, headers={"if-match": found.headers["etag"]}
    )
    assert (changed.status_code, changed.json()["url"]) == (200, MASKED)
    assert other.get(f"{SUBSCRIPTIONS}{made}/").json()["url"] == MASKED


@pytest.mark.django_db(transaction=True)
def test_a_hook_sent_twice_at_once_is_one(merchant):
    """Locks: without that of the API key, both requests find no hook."""
    ids = set()

    def post():
        answer = merchant.post(HOOKS, HOOK)
        assert answer.status_code == 201, answer.content
        ids.add(answer.json()["id"])

    all_at_once([post] * 4, refusal=())

    assert ids == {WebhookSubscription.objects.get().pk}


@pytest.fixture
def crash(monkeypatch):
    """Let the next request die after its work, before its response is stored."""

    def act(send):
        def die(*_arguments):
            raise SystemExit

        with monkeypatch.context() as patch:
            patch.setattr(idempotency, "_store", die)
            with pytest.raises(SystemExit):
                send()
        assert IdempotencyRecord.objects.filter(done_at=None).count() == 1

    return act


def test_a_rotation_repeated_after_a_crash_rotates_once(merchant, crash):
    made = create(merchant).json()
    page = f"{SUBSCRIPTIONS}{made['id']}/rotate/"
    crash(lambda: merchant.post(page, {}, key="r1"))

    again = merchant.post(page, {}, key="r1").json()["secret"]
    replayed = merchant.post(page, {}, key="r1").json()["secret"]

    row = WebhookSubscription.objects.get()
    assert again == decrypt(row.secret_encrypted)["secret"] != made["secret"]
    assert decrypt(row.old_secret_encrypted)["secret"] == made["secret"]
    assert replayed is None
    assert merchant.post(page, {}, key="r2").json()["secret"] != again


def test_a_creation_repeated_after_a_crash_creates_one(merchant, crash):
    crash(lambda: create(merchant))
    secret = create(merchant).json()["secret"]
    row = WebhookSubscription.objects.get()
    assert decrypt(row.secret_encrypted)["secret"] == secret
