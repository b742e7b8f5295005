import pytest
from django.urls import reverse

from storefront.lib.security.encryption import encrypt
from storefront.sales_channels.models import RemoteOrderRecord
from storefront.webhooks import processing
from storefront.webhooks.models import InboundWebhook
from tests.factories.catalog import make_channel
from tests.factories.sales_channels import make_connection, use_in_memory_platform
from tests.factories.suppliers import NOON

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


@pytest.fixture
def store(monkeypatch):
    use_in_memory_platform(monkeypatch)
    return make_connection(channel=make_channel(code="memory"))


def post_store(client, token="memory-token", delivery="d1", channel="memory"):
    headers = {"x-token": token, "x-delivery": delivery}
    page = reverse("hook", args=[f"channel-{channel}"])
    return client.post(page, b"1001", content_type="application/json", headers=headers)


def test_a_call_of_a_store_is_kept_without_its_order(client, store, queued):
    assert post_store(client).status_code == 200
    assert post_store(client).json()["status"] == "duplicate"

    call = InboundWebhook.objects.get()
    assert (call.external_id, bytes(call.body)) == ("order|1001|d1", b"order|1001|d1")
    assert len(queued) == 1


@pytest.mark.usefixtures("queued")
@pytest.mark.parametrize("platform", ["shopify", "woocommerce", "bigcommerce"])
@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{}", {}, 401),
        (b"webhook_id=7", {}, 200),
        (b"{}", {"x-wc-webhook-signature": "AAAA", "x-wc-webhook-delivery-id": "1"}, 401),
        (b"{}", {"x-shopify-hmac-sha256": "AAAA", "x-shopify-webhook-id": "1"}, 401),
        (b"{}", {"webhook-id": "1", "webhook-timestamp": "1", "webhook-signature": "v1,AAAA"}, 401),
    ],
)
def test_an_unsigned_call_does_not_tell_which_channels_have_a_store(
    client, platform, body, headers, status
):
    secrets = {"client_secret": "s", "consumer_secret": "s"}
    make_connection(
        channel=make_channel(code="known"), platform=platform, secrets_encrypted=encrypt(secrets)
    )
    old = make_connection(channel=make_channel(code="old"), status="disconnected")

    answers = [
        client.post(f"/hooks/channel-{code}/", body, content_type="text/plain", headers=headers)
        for code in ("known", old.channel.code, "unknown")
    ]

    assert {(answer.status_code, answer.content) for answer in answers} == {
        (status, answers[0].content)
    }
    assert InboundWebhook.objects.count() == 0


def test_a_call_about_an_order_that_the_store_does_not_show_yet_is_tried_again(
    client, store, queued
):
    post_store(client)
    call = InboundWebhook.objects.get()

    processing.process(call=call, now=NOON)

    call.refresh_from_db()
    assert (call.status, call.attempts) == ("received", 1)
    assert RemoteOrderRecord.objects.get().status == "received"
