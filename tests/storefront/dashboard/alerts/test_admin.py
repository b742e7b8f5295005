"""Pages of alerts: who is told what, the chat channels, a test."""

import pytest
from django.urls import reverse
from django.utils import timezone

from notifications.models import ChatChannel
from storefront.dashboard import tasks
from storefront.dashboard.models import AlertRecipient
from storefront.lib.security.encryption import decrypt
from tests.factories.accounts import make_shopper, make_staff

pytestmark = pytest.mark.django_db
URL = "https://chat.example/hooks/secret-1"
ADD = reverse("admin:dashboard_alertrecipient_add")
ADD_CHANNEL = reverse("admin:notifications_chatchannel_add")
VALUES = {
    "language": "en",
    "urgent_kinds": ["order_on_hold"],
    "digest_kinds": ["order_on_hold", "order_late"],
    "digest_at": "00:00",
    "time_zone": "Asia/Baku",
}


@pytest.fixture
def channel(staff):
    staff.post(ADD_CHANNEL, {"name": "ops", "dialect": "slack", "url": URL})
    return ChatChannel.objects.get()


def test_a_recipient_is_added_and_its_first_digest_comes_tomorrow(staff):
    nino = make_staff("nino", "view_order")
    shown = staff.get(ADD).content.decode()

    answer = staff.post(ADD, {**VALUES, "user": nino.pk})

    row = AlertRecipient.objects.get()
    assert "checked" in shown
    assert answer.status_code == 302
    assert (row.user, row.urgent_kinds) == (nino, ["order_on_hold"])
    assert row.digest_day is not None


@pytest.mark.parametrize(
    "change",
    [
        {"time_zone": "Mars/Olympus"},
        {"digest_kinds": ["no_such_kind"]},
        {},
    ],
    ids=["zone", "kind", "no recipient"],
)
def test_wrong_values_are_refused(staff, change):
    user = {"user": make_staff("nino").pk} if change else {}

    assert staff.post(ADD, {**VALUES, **user, **change}).status_code == 200
    assert not AlertRecipient.objects.exists()


def test_a_customer_is_no_recipient(staff):
    assert staff.post(ADD, {**VALUES, "user": make_shopper().pk}).status_code == 200


def test_the_address_of_a_channel_is_kept_encrypted_and_never_shown(staff, channel):
    page = reverse("admin:notifications_chatchannel_change", args=[channel.pk])
    shown = staff.get(page).content.decode()
    staff.post(page, {"name": "ops 2", "dialect": "teams", "url": ""})

    channel.refresh_from_db()
    assert decrypt(channel.url_encrypted) == {"url": URL}
    assert (channel.name, channel.dialect) == ("ops 2", "teams")
    assert "secret-1" not in shown
    assert channel.url_encrypted not in shown


@pytest.mark.parametrize(
    "url", ["", "chat.example/hooks", "ftp://chat.example/", "https://u@c.example/"]
)
def test_a_channel_needs_a_web_address(staff, url):
    answer = staff.post(ADD_CHANNEL, {"name": "ops", "dialect": "slack", "url": url})

    assert answer.status_code == 200
    assert not ChatChannel.objects.exists()


def test_in_production_the_address_is_https(staff, settings):
    settings.IS_PRODUCTION = True
    url = "http://chat.example/hooks"

    staff.post(ADD_CHANNEL, {"name": "ops", "dialect": "slack", "url": url})

    assert not ChatChannel.objects.exists()


def test_staff_send_a_test_and_see_a_failure(staff, channel, httpserver, settings):
    staff.post(ADD, {**VALUES, "channel": channel.pk})
    row = AlertRecipient.objects.get()
    address = reverse("admin:dashboard_alertrecipient_send_test", args=[row.pk])
    settings.PRIVATE_NETWORKS_ALLOWED = []
    page = reverse("admin:notifications_chatchannel_change", args=[channel.pk])
    staff.post(page, {"name": "ops", "dialect": "slack", "url": httpserver.url_for("/x")})

    refused = staff.post(address, follow=True).content.decode()

    channel.refresh_from_db()
    assert "not in a public network" in refused
    assert channel.failing_since


def test_a_disabled_channel_is_enabled_by_staff(staff, channel):
    ChatChannel.objects.update(disabled_at=timezone.now(), failing_since=timezone.now())
    address = reverse("admin:notifications_chatchannel_enable", args=[channel.pk])

    staff.post(address)

    channel.refresh_from_db()
    assert (channel.disabled_at, channel.failing_since) == (None, None)


def test_the_task_runs_without_recipients():
    tasks.send_staff_alerts()
