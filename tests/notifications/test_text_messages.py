"""Text messages: to whom and when they are sent, each once, and what they say."""

import re
import signal
from datetime import UTC, datetime, timedelta

import pytest

from notifications import dispatch, preferences, tasks
from notifications.models import SENDING_TIMEOUT, Consent, Event, Message
from notifications.preferences import KINDS, SMS, Kind
from notifications.rendering import render_text_message
from notifications.senders.segments import count_segments
from orders.models import Cart, Order
from storefront.lib.clock import time_zones_of
from storefront.lib.http.errors import TemporaryError
from storefront.lib.state_machine import ConcurrentUpdateError, InvalidTransitionError
from tests.factories.notifications import make_event
from tests.factories.orders import make_cart, make_sellable, order_of
from tests.factories.shipping import (
    make_accepted_purchase_order,
    make_shipment_notice,
    take_in,
)
from tests.factories.suppliers import NOON
from tests.fakes.twilio_server import ACCOUNT, SENDER, TOKEN
from tests.notifications.test_backorder_emails import delayed
from tests.notifications.test_dispatch_crash import start_worker
from tests.notifications.test_parcel_emails import (
    delivered,
    interrupted,
    lost,
    not_at_home,
    out_for_delivery,
    ready_for_pickup,
    returned,
    shipped,
    without_number,
)
from tests.notifications.test_silence_emails import late, not_collected, not_scanned_without_number
from tests.support.concurrency import all_at_once

pytestmark = pytest.mark.django_db
PHONE = "+4915123456789"
CALL = "Messages.json"


@pytest.fixture
def wanted():
    preferences.record_choices(
        recipient=PHONE,
        sender=SMS,
        chosen=dict.fromkeys(KINDS[SMS], True),
        source="checkout",
        now=NOON,
    )


def make_text_message(name="parcel.delivered", **payload):
    event = make_event(name, sms_number=PHONE, **payload)
    return next(one for one in dispatch.fan_out(event=event, now=NOON) if one.sender == SMS)


def senders_of(event):
    return [one.sender for one in dispatch.fan_out(event=event, now=NOON)]


def daytime_country():
    """Return a country where the worker's clock allows text messages."""
    now = datetime.now(UTC)
    return next(
        country
        for country in ("DE", "US", "AU")
        if all(8 <= now.astimezone(zone).hour < 21 for zone in time_zones_of(country))
    )


def test_a_text_message_is_sent_beside_the_e_mail_with_its_segments(twilio, wanted):
    message = make_text_message()

    dispatch.send(message=message, now=NOON)

    (received,) = twilio.messages()
    message.refresh_from_db()
    assert (received["recipient"], message.status) == (PHONE, "sent")
    assert (message.external_id, message.segments) == (received["sid"], received["segments"])
    assert Message.objects.filter(sender="email").count() == 1


@pytest.mark.parametrize("missing", ["consent", "number", "account"])
def test_no_text_message_without_consent_number_or_account(twilio, settings, missing):
    if missing != "consent":
        preferences.record_choices(
            recipient=PHONE, sender=SMS, chosen={Kind.DELIVERED: True}, source="account", now=NOON
        )
    if missing == "account":
        settings.TWILIO_ACCOUNT_SID = ""

    event = make_event("parcel.delivered", sms_number="" if missing == "number" else PHONE)

    assert senders_of(event) == ["email"]


def test_the_number_of_the_cart_reaches_the_text_message(twilio, wanted):
    cart = make_cart(make_sellable())
    Cart.objects.update(sms_number=PHONE)
    assert order_of(Cart.objects.get(pk=cart.pk)).sms_number == PHONE
    purchase_order = make_accepted_purchase_order(make_sellable())
    Order.objects.update(sms_number=PHONE)

    take_in(purchase_order, "shipped", make_shipment_notice())

    assert senders_of(Event.objects.get(name="parcel.shipped")) == ["email", "sms"]


def test_an_event_of_an_order_without_number_in_its_payload_sends_an_e_mail(twilio):
    assert senders_of(make_event("parcel.shipped")) == ["email"]


@pytest.mark.parametrize(
    ("country", "hour", "sent_at"),
    [
        ("DE", 12, None),
        ("DE", 7, None),  # 08:00 there
        ("DE", 6, 7),
        ("DE", 20, 24 + 7),  # 21:00 there
        ("US", 13, 18),  # 08:00 in New York, 03:00 in Honolulu
        ("US", 19, None),  # 14:00 in New York, 09:00 in Honolulu
        ("US", 2, 18),  # 21:00 in New York, 16:00 in Honolulu
        ("ES", 7, 8),  # 08:00 in Madrid, 07:00 on the Canary Islands
        ("AQ", 14, 24),  # no common hours
        ("AZ", 18, 24 + 4),
    ],
)
def test_a_text_message_waits_for_the_morning_of_its_country(
    twilio, wanted, country, hour, sent_at
):
    message = make_text_message(goes_to=country)
    midnight = datetime(2026, 11, 24, tzinfo=UTC)

    dispatch.send(message=message, now=midnight + timedelta(hours=hour))

    message.refresh_from_db()
    assert (message.status, len(twilio.messages())) == (
        ("sent", 1) if sent_at is None else ("pending", 0)
    )
    if sent_at is not None:
        morning = midnight + timedelta(hours=sent_at)
        assert message.due_at == morning
        dispatch.send(message=message, now=morning)
        assert len(twilio.messages()) == 1


def test_a_message_about_today_is_not_sent_tomorrow(twilio, wanted):
    evening = NOON + timedelta(hours=9)  # 22:00 there
    event = make_event("parcel.delivered", sms_number=PHONE, goes_to="DE")
    event.name, event.occurred_at = "parcel.out_for_delivery", evening
    event.save()
    mail, text_message = dispatch.fan_out(event=event, now=evening)

    dispatch.send(message=text_message, now=evening)
    waiting = Message.objects.get(pk=text_message.pk)
    for message in (mail, waiting):
        dispatch.send(message=message, now=waiting.due_at)

    assert not Message.objects.exists()
    assert twilio.messages() == []


@pytest.mark.parametrize(
    ("later", "parcel", "is_sent"),
    [("parcel.delivered", 7, False), ("parcel.delivered", 8, True), ("", 7, True)],
    ids=["delivered", "another parcel", "nothing"],
)
def test_a_text_message_that_a_later_event_overtook_overnight_is_not_sent(
    twilio, wanted, later, parcel, is_sent
):
    evening = NOON + timedelta(hours=9)  # 22:00 there
    shipped = make_event("parcel.shipped", sms_number=PHONE, goes_to="DE", parcel=7)
    mail, text_message = dispatch.fan_out(event=shipped, now=evening)
    dispatch.send(message=text_message, now=evening)
    if later:
        event = make_event(later, parcel=parcel)
        Event.objects.filter(pk=event.pk).update(subject=shipped.subject, sequence=2)

    waiting = Message.objects.get(pk=text_message.pk)
    dispatch.send(message=waiting, now=waiting.due_at)

    assert Message.objects.filter(pk=mail.pk).exists()
    assert len(twilio.messages()) == is_sent


def test_a_stop_at_the_provider_ends_all_text_messages(twilio, wanted):
    twilio.control("reply", {"from": PHONE, "body": "STOP"})
    message = make_text_message()

    dispatch.send(message=message, now=NOON)

    assert message.status == "failed"
    assert set(preferences.choices(recipient=PHONE, sender=SMS).values()) == {False}
    assert Consent.objects.filter(source="provider").count() == len(KINDS[SMS])


@pytest.mark.parametrize("kind", ["500", "429"])
def test_a_refused_call_is_repeated_and_sends_one_message(twilio, wanted, kind):
    twilio.fault(CALL, kind, delay=600)
    message = make_text_message()

    dispatch.send(message=message, now=NOON)
    retried = message.status, message.due_at
    dispatch.send(message=message, now=message.due_at)

    assert retried[0] == "retrying"
    assert (message.status, len(twilio.messages())) == ("sent", 1)


def test_the_wait_that_the_provider_asks_for_is_kept(monkeypatch, wanted, twilio):
    def refuse(*_):
        raise TemporaryError("later", retry_after_s=1800)

    monkeypatch.setattr("notifications.senders.sms.Sms.send", refuse)
    message = make_text_message()

    dispatch.send(message=message, now=NOON)

    assert message.due_at >= NOON + timedelta(minutes=20)


@pytest.mark.parametrize("kind", ["drop_after", "garbage", "drop_before"])
def test_a_message_whose_answer_is_lost_is_never_repeated_without_staff(twilio, wanted, kind):
    twilio.fault(CALL, kind)
    message = make_text_message()

    dispatch.send(message=message, now=NOON)
    arrived = len(twilio.messages())
    tasks.send(message_id=message.pk)
    tasks.send_due()

    message.refresh_from_db()
    assert (message.status, len(twilio.messages())) == ("sending", arrived)
    assert list(Message.objects.unconfirmed(NOON + SENDING_TIMEOUT)) == [message]


@pytest.mark.django_db(transaction=True)
def test_six_workers_and_six_replays_send_one_text_message(twilio, wanted):
    event = make_event("parcel.delivered", sms_number=PHONE)
    all_at_once([lambda: dispatch.fan_out(event=event, now=NOON)] * 6, ())
    message = Message.objects.get(sender=SMS)

    def work():
        dispatch.send(message=Message.objects.get(pk=message.pk), now=NOON)

    all_at_once([work] * 6, (InvalidTransitionError, ConcurrentUpdateError))

    assert len(twilio.messages()) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("failpoint", "arrived"), [("mail.before_sending", 0), ("mail.after_sending", 1)]
)
def test_a_text_message_of_a_killed_worker_is_never_resent_automatically(
    twilio, wanted, failpoint, arrived
):
    message = make_text_message(goes_to=daytime_country())
    account = {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": TOKEN, "TWILIO_FROM": SENDER}
    world = {"TWILIO_API_URL": twilio.url, "FAILPOINT": failpoint}

    killed = start_worker(message, 1, **account, **world).wait(60)
    tasks.send(message_id=message.pk)
    tasks.send_due()

    message.refresh_from_db()
    assert (killed, message.status) == (-signal.SIGKILL, "sending")
    assert len(twilio.messages()) == arrived


# Texts


CASES = [
    ("parcel.shipped", shipped, "is on its way. Track it: https://"),
    ("parcel.out_for_delivery", out_for_delivery, "is out for delivery and arrives today."),
    ("parcel.delivered", delivered, "was delivered."),
    ("parcel.exception", not_at_home, "the carrier could not deliver"),
    ("parcel.exception", interrupted, "is interrupted. Track it: https://"),
    ("parcel.exception", without_number("exception"), "is interrupted. Reply"),
    ("parcel.ready_for_pickup", ready_for_pickup, "is ready for pickup. Track it: https://"),
    ("parcel.ready_for_pickup", without_number("ready for pickup"), "is ready for pickup. Reply"),
    ("parcel.silent", late, "is late. Track it: https://"),
    ("parcel.silent", not_scanned_without_number, "no news of a parcel"),
    ("parcel.silent", not_collected, "waits at the pickup point."),
    ("order.backorder_choice", delayed, "we need your answer about order"),
    ("parcel.lost", lost, "counts as lost"),
    ("parcel.returned", returned, "goes back to the sender"),
]


@pytest.mark.parametrize(("name", "cause", "sentence"), CASES)
def test_text_message(name, cause, sentence, twilio, wanted):
    cause()
    Order.objects.update(sms_number=PHONE)
    event = Event.objects.filter(name=name).latest("pk")
    event.payload["sms_number"] = PHONE
    event.save()
    message = next(one for one in dispatch.fan_out(event=event, now=NOON) if one.sender == SMS)

    english, azerbaijani = (
        render_text_message(template=message.template, locale=locale, payload=event.payload)
        for locale in ("en", "az")
    )

    assert sentence in english
    order_number = event.payload.get("order", event.payload["number"])
    assert order_number in english
    assert order_number in azerbaijani
    assert (count_segments(english), count_segments(azerbaijani) <= 3) == (1, True)
    words = set(re.findall(r"[a-zə]{4,}", re.sub(r"https\S+", "", azerbaijani)))
    assert words.isdisjoint(re.findall(r"[a-z]{4,}", re.sub(r"https\S+", "", english)))
    assert azerbaijani.endswith("STOP yazın.")
