"""Webhook subscriptions: which addresses and types are accepted."""

from datetime import timedelta

import pytest

from storefront.events import subscriptions
from storefront.events.models import WebhookSubscription
from storefront.events.subscriptions import InvalidSubscriptionError
from tests.factories.events import make_subscription
from tests.factories.suppliers import NOON

REFUSED = [
    "http://127.0.0.1/",
    "http://localhost/",
    "http://10.0.0.8/",
    "http://172.16.0.1/",
    "http://192.168.1.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://[::1]/",
    "http://[fd00::1]/",
    "http://[::ffff:10.0.0.1]/",
    "http://0.0.0.0/",
    "http://100.64.0.1/",
    "http://2130706433/",
    "http://0x7f.1/",
    "http://8.8.8.8:22/",
    "http://sam:secret@8.8.8.8/",
    "ftp://8.8.8.8/",
    "file:///etc/passwd",
    "http:///path",
    "http://8.8.8.8/#part",
    "not a url",
    "http://8.8.8.8/a b",
    "http://8.8.8.8/a\r\nhost: x",
    "",
]


@pytest.mark.parametrize("url", REFUSED)
def test_addresses_that_are_not_public_are_refused(settings, url):
    settings.PRIVATE_NETWORKS_ALLOWED = settings.OUTSIDE_PORTS_ALLOWED = []
    with pytest.raises(InvalidSubscriptionError) as refusal:
        subscriptions.check_address(url)
    assert refusal.value.field == "url"


def test_production_requires_https(settings):
    settings.IS_PRODUCTION, settings.PRIVATE_NETWORKS_ALLOWED = True, ["127.0.0.0/8"]
    with pytest.raises(InvalidSubscriptionError):
        subscriptions.check_address("http://127.0.0.1/")
    assert subscriptions.check_address("https://127.0.0.1/").port is None


@pytest.mark.django_db
def test_types_are_those_of_the_list_once_each():
    assert make_subscription("http://127.0.0.1/", "stock.out", "order.paid", "stock.out").types == [
        "order.paid",
        "stock.out",
    ]
    for unknown in ("order.eaten", "webhook.test"):
        with pytest.raises(InvalidSubscriptionError) as refusal:
            make_subscription("http://127.0.0.1/", unknown)
        assert refusal.value.field == "types"


@pytest.mark.django_db
def test_an_old_secret_is_valid_for_two_weeks_at_most():
    made = make_subscription("http://127.0.0.1/")
    subscriptions.rotate_secret(
        subscription=made, overlap=timedelta(days=99), now=NOON, request_key="r1"
    )
    made.refresh_from_db()
    assert made.old_secret_expires_at == NOON + subscriptions.MAX_OVERLAP


@pytest.mark.django_db
@pytest.mark.parametrize("end", ["paused", "active"])
def test_subscriptions_end_with_an_expired_key_until_staff_resume_them(end):
    made = make_subscription("http://127.0.0.1/")
    WebhookSubscription.objects.update(api_key="fara_key_a", api_key_ends_at=NOON, status=end)
    subscriptions.disable_ended(now=NOON - timedelta(seconds=1))
    made.refresh_from_db()
    assert made.status == end

    subscriptions.disable_ended(now=NOON)
    made.refresh_from_db()
    assert (made.status, made.problem) == ("disabled", subscriptions.KEY_ENDED)
    assert made.status_since == NOON

    subscriptions.resume(subscription=made, actor="sam", now=NOON)
    subscriptions.disable_ended(now=NOON)
    made.refresh_from_db()
    assert (made.status, made.problem, made.api_key) == ("active", "", "")
