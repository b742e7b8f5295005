"""Webhooks of mail providers, through the endpoint: verified, matched, applied once."""

from datetime import timedelta

import pytest

from notifications.deliverability import mail_webhooks, suppressions
from notifications.models import Message, Suppression
from notifications.preferences import EMAIL, choices
from storefront.webhooks import processing, reception, storage
from storefront.webhooks.models import InboundWebhook
from tests.factories.notifications import make_message
from tests.factories.suppliers import NOON
from tests.fakes.mail_provider_calls import SECRET, SIGNING_KEY, brevo, mailgun, postmark

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def provider(monkeypatch, settings):
    settings.MAIL_PROVIDER, settings.MAIL_WEBHOOK_SECRET = "postmark", SECRET
    monkeypatch.setattr(storage, "database_time", lambda: NOON)
    monkeypatch.setattr(reception.process, "delay", lambda **_: None)


@pytest.fixture
def mail():
    return make_message("order.placed")


def post(client, settings, call):
    body, headers = call
    return client.post(
        f"/hooks/{settings.MAIL_PROVIDER}/", body, content_type="application/json", headers=headers
    )


def take_in(client, settings, *calls):
    for call in calls:
        assert post(client, settings, call).status_code == 200
    for call in InboundWebhook.objects.filter(status="received").order_by("pk"):
        processing.process(call=call, now=NOON)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("HardBounce", ("bounced", ["hard_bounce"])),
        ("BadEmailAddress", ("bounced", ["hard_bounce"])),
        ("SoftBounce", ("soft_bounced", [])),
        ("Transient", ("soft_bounced", [])),
        ("SpamComplaint", ("complained", ["complaint"])),
        ("Delivery", ("delivered", [])),
        ("Open", ("", [])),
    ],
)
def test_an_event_of_postmark_sets_the_delivery_of_its_message(
    client, settings, mail, kind, expected
):
    delivery, reasons = expected
    take_in(client, settings, postmark(mail, kind))

    mail.refresh_from_db()
    assert mail.delivery == delivery
    assert list(Suppression.objects.values_list("reason", flat=True)) == reasons
    assert not reasons or Suppression.objects.get().message == mail
    if kind == "HardBounce":
        assert mail.problem == Suppression.objects.get().detail == "smtp;550 5.1.1 No such user"


def test_an_event_of_mailgun_is_matched_by_the_message_id_it_kept(client, settings, mail):
    settings.MAIL_PROVIDER, settings.MAIL_WEBHOOK_SECRET = "mailgun", SIGNING_KEY

    take_in(client, settings, mailgun(mail))

    mail.refresh_from_db()
    assert mail.delivery == "bounced"


def test_a_captured_signature_of_mailgun_proves_no_second_body(client, settings, mail):
    settings.MAIL_PROVIDER, settings.MAIL_WEBHOOK_SECRET = "mailgun", SIGNING_KEY

    take_in(client, settings, mailgun(mail, "delivered"), mailgun(mail, "failed"))
    stale = post(client, settings, mailgun(mail, token="t2", at=NOON - timedelta(days=4)))

    mail.refresh_from_db()
    assert (mail.delivery, stale.status_code) == ("delivered", 401)


@pytest.mark.parametrize(
    ("event", "delivery"), [("hard_bounce", "bounced"), ("soft_bounce", "soft_bounced")]
)
def test_an_event_of_brevo_is_matched_by_the_header_it_returns(
    client, settings, mail, event, delivery
):
    settings.MAIL_PROVIDER = "brevo"

    take_in(client, settings, brevo(mail, event))

    mail.refresh_from_db()
    assert mail.delivery == delivery


@pytest.mark.parametrize(
    ("call", "status"),
    [
        (lambda mail: postmark(mail, secret="fara:guessed"), 401),
        (lambda mail: (postmark(mail)[0], {}), 401),
        (lambda mail: postmark(mail, at=NOON - timedelta(days=4)), 401),
        (lambda mail: (b"[1", postmark(mail)[1]), 400),
        (lambda mail: (b"[1]", postmark(mail)[1]), 400),
        (lambda mail: postmark(mail, RecordType="Inbound"), 400),
    ],
    ids=["forged", "unsigned", "stale", "not JSON", "no event", "inbound"],
)
def test_a_forged_stale_or_unreadable_call_changes_nothing(client, settings, mail, call, status):
    assert post(client, settings, call(mail)).status_code == status

    mail.refresh_from_db()
    assert (mail.delivery, InboundWebhook.objects.count()) == ("", 0)


def test_events_in_any_order_and_repeated_give_one_state(client, settings, mail):
    calls = [postmark(mail, kind) for kind in ("SpamComplaint", "Delivery", "Transient")]

    take_in(client, settings, *calls, *reversed(calls))

    mail.refresh_from_db()
    assert mail.delivery == "complained"
    assert Suppression.objects.count() == 1


def test_an_event_of_another_system_at_the_same_provider_is_ignored(client, settings, mail):
    take_in(client, settings, postmark(None))

    assert InboundWebhook.objects.get().status == "ignored"
    assert not Suppression.objects.exists()


def test_an_event_of_an_erased_person_is_ignored(client, settings, mail):
    Message.objects.filter(pk=mail.pk).update(recipient="erased@erased.invalid")

    take_in(client, settings, postmark(mail))

    assert not Suppression.objects.exists()


def test_an_event_applies_to_no_person_who_is_erased_meanwhile(client, settings, mail, monkeypatch):
    find = mail_webhooks.find_message

    def find_then_erase(text):
        found = find(text)
        Message.objects.filter(pk=found.pk).update(recipient="erased@erased.invalid")
        return found

    monkeypatch.setattr(mail_webhooks, "find_message", find_then_erase)

    take_in(client, settings, postmark(mail))

    assert not Suppression.objects.exists()


def test_deeply_nested_json_is_refused(client, settings):
    settings.MAIL_PROVIDER, settings.MAIL_WEBHOOK_SECRET = "mailgun", SIGNING_KEY

    assert post(client, settings, (b"[" * 60_000, {})).status_code == 401


def test_a_bounce_with_a_null_character_is_applied(client, settings, mail):
    take_in(client, settings, postmark(mail, Details="550 \0 no such user"))

    assert Suppression.objects.get().detail == "550 no such user"


def test_an_unsubscription_ends_what_can_be_refused(client, settings, mail):
    take_in(client, settings, postmark(mail, "SubscriptionChange"))

    assert set(choices(recipient=mail.recipient, sender=EMAIL).values()) == {False}
    assert not Suppression.objects.exists()


def test_several_delayed_messages_suppress_an_address_until_one_is_delivered(client, settings):
    mails = [make_message("order.placed") for _ in range(suppressions.SOFT_BOUNCES)]

    take_in(client, settings, *(postmark(mail, "SoftBounce") for mail in mails[:-1]))
    few = Suppression.objects.count()
    take_in(client, settings, postmark(mails[-1], "SoftBounce"))
    suppressed = Suppression.objects.get()
    take_in(client, settings, postmark(make_message("order.placed"), "Delivery"))

    assert (few, suppressed.reason) == (0, "soft_bounces")
    suppressed.refresh_from_db()
    assert suppressed.lifted_at == NOON


def test_an_old_bounce_does_not_suppress_an_address_that_was_released_since(client, settings, mail):
    take_in(client, settings, postmark(mail))
    suppressions.lift(address=mail.recipient, actor="nino", reason="works again", now=NOON)
    late = make_message("order.placed")

    take_in(client, settings, postmark(late, at=NOON - timedelta(hours=1)))
    released = suppressions.find_unreachable(mail.recipient)
    take_in(client, settings, postmark(make_message("order.placed"), at=NOON + timedelta(hours=1)))

    assert released is None
    assert suppressions.find_unreachable(mail.recipient).reason == "hard_bounce"


def test_without_a_provider_there_is_no_endpoint(client, settings):
    settings.MAIL_PROVIDER = ""

    assert client.post("/hooks/postmark/").status_code == 404
