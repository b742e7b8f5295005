"""Chat channels: what is posted, what a failure records, when a channel is disabled."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from notifications import dispatch
from notifications.models import ChatChannel
from notifications.senders.chat import body_of
from storefront.lib.security.encryption import encrypt
from tests.factories.notifications import make_event
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db
SECRET = "T0AAAAAAAAA-B0BBBBBBBBB-secretsecretsecret"
PAYLOAD = {
    "email": [],
    "chat": "ops",
    "locale": "en",
    "sentence": "Order <on> hold",
    "count": 2,
    "amounts": ["€12.00"],
    "oldest": "1 December, 09:00",
    "url": "https://shop.example/admin/",
}


@pytest.fixture
def chat(httpserver):
    """A channel whose webhook is a local server."""
    url = httpserver.url_for(f"/services/{SECRET}?sig=a%2Fb")
    ChatChannel.objects.create(name="ops", dialect="slack", url_encrypted=encrypt({"url": url}))
    return httpserver


def make_alert(**more):
    event = make_event("order.refunded")
    event.name, event.payload = "staff.alert", PAYLOAD | more
    event.save()
    return dispatch.fan_out(event=event, now=NOON)


def sent():
    (message,) = make_alert()
    dispatch.send(message=message, now=NOON)
    message.refresh_from_db()
    return message


def test_a_message_is_posted_once_to_the_exact_address(chat):
    chat.expect_oneshot_request(
        f"/services/{SECRET}", method="POST", query_string="sig=a%2Fb"
    ).respond_with_data("ok")

    message = sent()

    ((request, _answer),) = chat.log
    text = json.loads(request.data)["text"]
    assert message.status == "sent"
    assert "Order &lt;on&gt; hold (2)\nAt risk: €12.00\nWaiting since: 1 December, 09:00" in text
    assert SECRET not in message.problem


def test_the_address_is_in_no_record(chat, caplog):
    caplog.set_level("INFO")
    chat.expect_request(f"/services/{SECRET}").respond_with_data("no", status=404)

    message = sent()

    channel = ChatChannel.objects.get()
    assert message.status == "failed"
    assert channel.failing_since
    logged = "".join(row.getMessage() for row in caplog.records if "storefront" in row.name)
    assert "POST" in logged
    for text in (message.problem, channel.problem, channel.url_encrypted, logged):
        assert SECRET not in text


def test_microsoft_teams_gets_a_card():
    card = body_of("teams", "One\nTwo")["attachments"][0]["content"]

    assert card["body"][0]["text"] == "One\n\nTwo"


@pytest.mark.parametrize(("hours", "is_disabled"), [(2, False), (25, True)])
def test_a_channel_is_disabled_after_a_day_of_failures(chat, hours, is_disabled):
    chat.expect_request(f"/services/{SECRET}").respond_with_data("busy", status=503)
    ChatChannel.objects.update(failing_since=timezone.now() - timedelta(hours=hours))

    sent()

    assert bool(ChatChannel.objects.get().disabled_at) is is_disabled
    assert bool(make_alert()) is not is_disabled


def test_a_success_ends_a_failure(chat):
    chat.expect_request(f"/services/{SECRET}").respond_with_data("ok")
    ChatChannel.objects.update(failing_since=timezone.now(), problem="HTTP 503")

    sent()

    channel = ChatChannel.objects.get()
    assert (channel.failing_since, channel.problem) == (None, "")


def test_an_address_in_a_private_network_is_refused(settings, chat):
    settings.PRIVATE_NETWORKS_ALLOWED = []

    message = sent()

    assert message.status == "failed"
    assert "not in a public network" in message.problem
    assert chat.log == []


def test_a_preview_does_not_show_the_address(chat):
    (message,) = make_alert()

    assert dispatch.compose(message, hides_links=True).chat_url == ""


def test_a_message_to_a_channel_that_was_deleted_fails(chat):
    (message,) = make_alert()
    ChatChannel.objects.all().delete()

    dispatch.send(message=message, now=NOON)

    assert message.status == "failed"
