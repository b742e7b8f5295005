from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from notifications import dispatch, preferences
from notifications.models import Consent, Message
from notifications.preferences import EMAIL, SMS, Kind
from tests.factories.notifications import make_event, make_message
from tests.factories.suppliers import NOON

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("post")]
ERIKA = "erika@example.org"


def choose(kind=Kind.DELIVERED, *, is_given, recipient=ERIKA, sender=EMAIL, at=NOON):
    preferences.record_choices(
        recipient=recipient, sender=sender, chosen={kind: is_given}, source="account", now=at
    )


def test_e_mails_about_progress_are_sent_until_refused_and_text_messages_need_consent():
    mails = preferences.choices(recipient=ERIKA, sender=EMAIL)
    assert {kind for kind, is_given in mails.items() if not is_given} == preferences.OPT_IN
    assert set(preferences.choices(recipient="+4915123456789", sender=SMS).values()) == {False}


def test_the_newest_choice_counts_and_each_change_is_recorded_once():
    for is_given in (False, False, True):
        choose(is_given=is_given, recipient="Erika@example.org")

    rows = Consent.objects.order_by("pk").values_list("recipient", "is_given", "text_version")
    assert list(rows) == [(ERIKA, False, "email-1"), (ERIKA, True, "email-1")]
    assert preferences.choices(recipient=ERIKA, sender=EMAIL)[Kind.DELIVERED] is True
    with pytest.raises(IntegrityError), transaction.atomic():
        Consent.objects.update(is_given=False)


def test_a_refused_kind_is_not_sent_and_mandatory_e_mails_are(post):
    choose(is_given=False)

    refused = dispatch.fan_out(event=make_event("parcel.delivered"), now=NOON)
    mandatory = dispatch.fan_out(event=make_event("parcel.shipped"), now=NOON)

    assert (refused, len(mandatory)) == ([], 1)


def test_a_message_that_was_refused_while_it_waited_is_not_sent(post):
    message = make_message("parcel.delivered")
    choose(is_given=False)

    dispatch.send(message=message, now=NOON + timedelta(minutes=1))

    assert (post.sent, Message.objects.count()) == ([], 0)


def test_an_e_mail_that_can_be_refused_has_the_headers_and_link_for_that(post):
    for name in ("parcel.delivered", "parcel.shipped"):
        dispatch.send(message=make_message(name), now=NOON)

    optional, mandatory = post.sent
    page = optional.unsubscribe_url.removesuffix("stop/")
    assert page in optional.text
    assert page in optional.html
    assert mandatory.unsubscribe_url == ""
    assert "/messages/" not in mandatory.text + mandatory.html


def test_a_link_opens_its_message_only():
    message = make_message("parcel.delivered")
    token = preferences.preferences_url(message).rstrip("/").rpartition("/")[2]

    assert preferences.find_message(token) == message
    assert preferences.find_message(f"{message.pk + 1}{token[token.index(':') :]}") is None
    Message.objects.update(recipient=preferences.ERASED)
    assert preferences.find_message(token) is None
