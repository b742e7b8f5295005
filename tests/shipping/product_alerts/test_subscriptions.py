"""Product alert subscriptions: asked, confirmed, stopped, expired."""

from datetime import timedelta

import pytest

from notifications import preferences
from notifications.models import Event
from notifications.preferences import EMAIL, Kind
from shipping.models import ProductAlert
from shipping.product_alerts import links, subscriptions
from tests.factories.orders import make_sellable
from tests.factories.product_alerts import set_price, subscribe
from tests.factories.suppliers import NOON

pytestmark = pytest.mark.django_db


def confirm(alert, now=NOON):
    subscriptions.confirm(alert=alert, source="link", now=now)


def test_an_unknown_address_is_asked_once_a_day():
    listing = make_sellable()
    for hours in (0, 1, 24):
        subscribe(listing, is_verified=False, now=NOON + timedelta(hours=hours))

    alert = ProductAlert.objects.get()
    events = Event.objects.filter(name="product_alert.asked")
    assert alert.confirmed_at is None
    assert [event.payload["url"] for event in events] == [links.alert_url(alert)] * 2


def test_a_verified_address_is_not_asked():
    alert = subscribe(make_sellable(), is_verified=True)

    assert alert.confirmed_at == NOON
    assert not Event.objects.filter(name="product_alert.asked").exists()


def test_a_second_request_keeps_the_first_price():
    listing = make_sellable(price="39.99")
    subscribe(listing, kind="price_drop")
    set_price(listing, "49.99")
    listing.refresh_from_db()

    subscribe(listing, kind="price_drop", email="ERIKA@example.org")

    assert str(ProductAlert.objects.get().price_amount) == "39.99"


def test_a_confirmation_withdraws_an_earlier_refusal_of_alerts():
    preferences.record_choices(
        recipient="erika@example.org",
        sender=EMAIL,
        chosen={Kind.PRODUCT_ALERT: False},
        source="one_click",
        now=NOON,
    )

    confirm(subscribe(make_sellable(), is_verified=False))

    assert preferences.choices(recipient="erika@example.org", sender=EMAIL)[Kind.PRODUCT_ALERT]


def test_a_link_opens_its_alert_until_it_is_stopped():
    alert = subscribe(make_sellable())
    token = links.alert_url(alert).split("/")[-2]
    assert links.find_alert(token) == alert
    assert links.find_alert(f"{alert.pk}:forged") is None

    subscriptions.stop(alert=alert)

    assert links.find_alert(token) is None


@pytest.mark.parametrize(
    ("is_verified", "days", "count"), [(False, 7, 0), (False, 8, 1), (True, 365, 0), (True, 366, 1)]
)
def test_requests_expire(is_verified, days, count):
    subscribe(make_sellable(), is_verified=is_verified)

    assert subscriptions.delete_old(now=NOON + timedelta(days=days)) == count
