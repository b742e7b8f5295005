"""Calls of the SMS provider: verified by its signature, applied once."""

from decimal import Decimal
from urllib.parse import urlencode

import pytest

from notifications import preferences, sms_webhooks
from notifications.models import Consent, Message
from notifications.preferences import KINDS, SMS
from notifications.senders import sms
from storefront.lib.security.webhook_signing import InvalidHeadersError, InvalidSignatureError
from tests.factories.inbox_items import items_of
from tests.factories.notifications import make_event
from tests.factories.suppliers import NOON
from tests.fakes.twilio_server import TOKEN

pytestmark = pytest.mark.django_db
PHONE = "+4915123456789"


def signed(settings, **fields):
    body = urlencode(fields).encode()
    url = f"{settings.PUBLIC_URL}{sms.HOOK_PATH}"
    signature = sms_webhooks.sign(url=url, fields=fields, token=settings.TWILIO_AUTH_TOKEN)
    return body, {"X-Twilio-Signature": signature}


def make_sent():
    return Message.objects.create(
        event=make_event("parcel.delivered"), sender=SMS, recipient=PHONE, locale="en",
        template="parcel_delivered", status="sent", status_since=NOON, due_at=NOON,
        external_id="SM1",
    )  # fmt: skip


def apply(**fields):
    return sms_webhooks.apply(body=urlencode(fields).encode(), now=NOON)


def test_the_signature_is_that_of_the_provider():
    # The example of Twilio's documentation.
    fields = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675310",
        "Digits": "1234",
        "From": "+14158675310",
        "To": "+18005551212",
    }
    url = "https://example.com/myapp.php?foo=1&bar=2"

    signature = sms_webhooks.sign(url=url, fields=fields, token="12345")

    assert signature == "L/OH5YylLD5NRKLltdqwSvS0BnU="


def test_a_call_is_verified_on_its_address_and_all_fields(settings, twilio):
    body, headers = signed(settings, MessageSid="SM1", MessageStatus="sent", To=PHONE)

    assert sms_webhooks.verify(headers=headers, body=body) == "SM1:sent"
    with pytest.raises(InvalidSignatureError):
        sms_webhooks.verify(headers=headers, body=body + b"&Body=STOP")
    with pytest.raises(InvalidHeadersError):
        sms_webhooks.verify(headers={}, body=body)


def test_a_reply_that_is_stop_ends_text_messages_to_the_number():
    preferences.record_choices(
        recipient=PHONE,
        sender=SMS,
        chosen=dict.fromkeys(KINDS[SMS], True),
        source="account",
        now=NOON,
    )

    ignored = apply(MessageSid="SM2", From=PHONE, Body="Thank you!")
    still_wanted = set(preferences.choices(recipient=PHONE, sender=SMS).values())
    applied = apply(MessageSid="SM3", From=PHONE, Body=" stop ")
    apply(MessageSid="SM4", From=PHONE, Body="Arrêt", OptOutType="STOP")

    assert (ignored, still_wanted, applied) == (False, {True}, True)
    assert set(preferences.choices(recipient=PHONE, sender=SMS).values()) == {False}
    assert Consent.objects.filter(source="reply").count() == len(KINDS[SMS])


def test_the_cost_is_recorded_when_the_provider_knows_it(monkeypatch):
    message = make_sent()
    answer = {"sid": "SM1", "price": "-0.01500", "price_unit": "usd"}
    monkeypatch.setattr(sms, "read_message", lambda _: answer)

    queued = apply(MessageSid="SM1", MessageStatus="queued")
    applied = apply(MessageSid="SM1", MessageStatus="delivered")

    message.refresh_from_db()
    assert (queued, applied) == (False, True)
    assert (message.cost_amount, message.cost_currency) == (Decimal("0.01500"), "USD")


def test_a_message_that_the_network_did_not_deliver_shows_why(twilio, monkeypatch):
    message = make_sent()
    monkeypatch.setattr(sms, "read_message", lambda _: {"sid": "SM1", "price": None})

    apply(MessageSid="SM1", MessageStatus="undelivered", ErrorCode="30003")

    message.refresh_from_db()
    assert message.problem == "The network did not deliver it: code 30003"
    assert message.cost_amount is None
    assert [item.name for item in items_of("message_undeliverable")] == [
        f"Parcel delivered → {PHONE}"
    ]


def test_a_status_of_an_unknown_message_changes_nothing():
    assert apply(MessageSid="SM9", MessageStatus="delivered") is False


@pytest.mark.parametrize(
    ("token", "status"), [(TOKEN, 200), ("another token", 401)], ids=["ours", "forged"]
)
def test_the_endpoint_answers_without_text_since_it_would_be_sent_to_the_phone(
    settings, twilio, client, token, status
):
    fields = {"MessageSid": "SM5", "From": PHONE, "Body": "STOP"}
    body, _ = signed(settings, **fields)
    url = f"{settings.PUBLIC_URL}{sms.HOOK_PATH}"
    signature = sms_webhooks.sign(url=url, fields=fields, token=token)

    answer = client.post(
        sms.HOOK_PATH,
        body,
        content_type="application/x-www-form-urlencoded",
        headers={"X-Twilio-Signature": signature},
    )

    assert answer.status_code == status
    if status == 200:
        assert answer.content == b""


def test_without_an_account_there_is_no_endpoint(client):
    assert client.post(sms.HOOK_PATH).status_code == 404
