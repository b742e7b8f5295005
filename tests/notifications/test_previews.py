"""Previews: what staff see of a message, in each language, without personal links; test sends."""

import email
import email.policy
import re
from dataclasses import replace
from email.utils import formataddr
from html import unescape

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from notifications import dispatch, previews
from notifications.deliverability.message_ids import message_id
from notifications.models import Message, Suppression
from notifications.previews import frame_document
from notifications.sealed_links import HIDDEN_LINK, encrypt_link, hide_links
from notifications.senders import Attachment, OutgoingMessage
from tests.factories.accounts import make_staff
from tests.factories.notifications import PAYLOADS, make_event, make_message
from tests.factories.suppliers import NOON
from tests.notifications.smtp_servers import free_port, mailbox, mailers

pytestmark = pytest.mark.django_db
KEY = "/FL-261124-7K3QX/key/"
RIGHTS = ("view_event", "view_message", "change_message", "change_suppression")


@pytest.fixture
def desk():
    return desk_of(*RIGHTS)


def desk_of(*rights):
    desk = Client()
    desk.force_login(make_staff("desk", *rights))
    return desk


def page(row):
    return reverse(f"admin:notifications_{row._meta.model_name}_preview", args=[row.pk])


def shown(desk, url):
    response = desk.get(url)
    assert response.status_code == 200
    return unescape(response.content.decode())


def test_a_message_is_shown_as_html_in_a_sandbox_as_text_and_with_its_headers(desk):
    message = make_message("parcel.delivered")

    html = desk.get(page(message)).content.decode()

    frame = re.search(r'<iframe [^>]*sandbox srcdoc="([^"]*)"', html)
    assert "<p" in unescape(frame[1])
    assert "Your parcel was delivered" in unescape(frame[1])
    text = re.search(r"<pre [^>]*>(.*?)</pre>", html, re.DOTALL)[1]
    assert (
        unescape(unescape(text)).strip() == dispatch.compose(message, hides_links=True).text.strip()
    )
    headers = dict(re.findall(r'<th scope="row">([\w-]+)</th><td>(.*?)</td>', html))
    assert headers["To"] == "erika@example.org"
    assert unescape(headers["Message-ID"]) == message_id(message)
    assert unescape(headers["List-Unsubscribe"]) == f"<{HIDDEN_LINK}stop/>"


def test_the_name_of_the_sender_is_readable():
    composed = dispatch.compose(make_message("parcel.delivered"), hides_links=True)
    sent = replace(composed, from_address=formataddr(("Lümen", "orders@example.org")))

    assert dict(previews.headers_of(sent))["From"] == "Lümen <orders@example.org>"


def test_the_page_of_a_message_and_of_an_event_leads_to_the_preview(desk):
    message = make_message()

    for row in (message, message.event):
        change = f"admin:notifications_{row._meta.model_name}_change"
        assert page(row) in desk.get(reverse(change, args=[row.pk])).content.decode()


@pytest.mark.parametrize("name", sorted(PAYLOADS))
def test_no_personal_link_is_shown(desk, name):
    event = make_event(name)

    html = shown(desk, page(event))

    assert KEY not in html
    assert HIDDEN_LINK in html
    assert KEY not in shown(desk, reverse("admin:notifications_event_change", args=[event.pk]))


def test_an_account_link_is_not_decrypted(desk):
    link = "https://shop.example/en/account/password/3/c9x-8f2b4a6c8e0f/"
    event = make_event()
    event.name, event.payload = (
        "account.password_forgotten",
        {"email": "ada@example.org", "locale": "en", **encrypt_link(link)},
    )
    event.save()
    (message,) = dispatch.fan_out(event=event, now=NOON)

    for row in (event, message):
        html = shown(desk, page(row))
        assert link not in html
        assert event.payload["sealed_url"] not in html
        assert "Choose a new password" in html


def test_links_are_hidden_at_any_depth_and_public_ones_stay():
    link = "https://shop.example/en/orders/FL-1/key/"
    payload = {"answers": {"wait": link}, "rows": [{"terms_url": link}], "tracking_url": link}

    assert hide_links(payload) == {
        "answers": {"wait": HIDDEN_LINK},
        "rows": [{"terms_url": HIDDEN_LINK}],
        "tracking_url": link,
    }


def test_an_event_is_previewed_in_each_channel_and_language(desk):
    event = make_event("parcel.delivered")

    mail = shown(desk, f"{page(event)}?message=0&language=az")
    text = shown(desk, f"{page(event)}?message=1&language=en")

    assert (
        '<pre class="staff-document" tabindex="0" role="group" aria-labelledby="preview-text" lang="az">'
        in mail
    )
    assert "çatdırıldı" in mail
    assert "Message-ID" not in mail  # it has none before it is saved
    assert "+4915123456789" in text
    assert "<iframe" not in text
    assert not Message.objects.exists()


@pytest.mark.parametrize("query", ["?message=99&language=xx", "?message=-1", "?message=²"])
def test_a_wrong_query_shows_a_message(desk, query):
    assert "erika@example.org" in shown(desk, page(make_event("order.refunded")) + query)


def test_a_message_that_cannot_be_written_says_why(desk):
    event = make_event("order.refunded", amount="")

    assert "This message cannot be written: InvalidOperation" in shown(desk, page(event))
    assert desk.post(page(event)).status_code == 403


def test_a_list_of_recipients_is_previewed_for_the_first(desk):
    assert "desk@fara.example" in shown(desk, page(make_event("compliance_document.expires")))


def test_a_test_goes_only_to_the_staff_member(desk, settings, tmp_path):
    message = make_message("parcel.delivered")
    with mailbox(tmp_path) as port:
        settings.MAILERS = mailers(port)
        answer = desk.post(page(message), {"address": "other@example.org"}, follow=True)

    (file,) = tmp_path.glob("*.eml")
    mail = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    assert mail["X-Envelope-To"] == mail["To"] == "desk@fara.example"
    assert mail["Subject"].startswith("Test: ")
    assert mail["Message-ID"] != message_id(message)
    assert mail["List-Unsubscribe"] is None
    assert KEY not in mail.as_string()
    assert "The test was sent to desk@fara.example." in answer.content.decode()
    note = LogEntry.objects.get().get_change_message()
    assert note == "Test message sent to desk@fara.example"
    message.refresh_from_db()
    assert message.status == "pending"


@pytest.mark.parametrize(
    ("number", "sent_to", "answer_says"),
    [
        ("+49 151 23456789", ["+4915123456789"], "The test was sent to +4915123456789."),
        ("0151 23456789", [], "Not sent: enter a mobile number with its country code"),
        ("+49 30 123456", [], "Not sent: enter a mobile number with its country code"),
    ],
)
def test_a_text_message_is_tested_at_a_typed_mobile_number(
    desk, twilio, number, sent_to, answer_says
):
    event = make_event("parcel.delivered", sms_number="+4915100000000")
    url = f"{page(event)}?message=1"
    assert 'name="number"' in shown(desk, url)

    answer = desk.post(url, {"number": number}, follow=True)

    assert answer_says in unescape(answer.content.decode())
    assert [each["recipient"] for each in twilio.messages()] == sent_to
    assert all(each["body"].startswith("Test: ") for each in twilio.messages())
    assert LogEntry.objects.count() == len(sent_to)


def test_tests_are_limited(desk, twilio, monkeypatch):
    monkeypatch.setattr(previews, "TESTS_PER_HOUR", 0)

    answer = desk.post(f"{page(make_event())}?message=1", {"number": "+4915123456789"}, follow=True)

    assert "too many tests in one hour" in answer.content.decode()
    assert twilio.messages() == []


def test_a_failed_test_is_reported(desk, settings):
    settings.MAILERS = mailers(free_port())

    answer = desk.post(page(make_message()), follow=True)

    assert "The test was not sent: mail server" in answer.content.decode()
    assert not LogEntry.objects.exists()


def test_without_rights_there_is_no_preview_and_no_test():
    message = make_message()
    viewer, stranger = desk_of("view_message"), Client()
    stranger.force_login(make_staff("stranger", "view_event"))

    assert "Send test" not in shown(viewer, page(message))
    assert viewer.post(page(message)).status_code == 403
    assert viewer.get(page(message.event)).status_code == 403
    assert stranger.get(page(message)).status_code == 403


def test_a_text_message_has_no_test(desk):
    event = make_event("parcel.delivered")

    assert desk.post(f"{page(event)}?message=1").status_code == 403


def test_a_picture_is_shown_inside_the_frame():
    picture = Attachment(content_id="notice", file_name="notice.png", content=b"png")
    message = OutgoingMessage(
        recipient="", text="", html='<img src="cid:notice">', attachments=(picture,)
    )

    assert frame_document(message) == '<img src="data:image/png;base64,cG5n">'


def test_the_preview_takes_few_statements(desk, django_assert_max_num_queries):
    message = make_message("order.placed")

    with django_assert_max_num_queries(12):
        desk.get(page(message))


def test_staff_resend_a_message_from_its_page(desk):
    message = make_message()
    Message.objects.update(status="sent")
    address = reverse("admin:notifications_message_resend", args=[message.pk])

    warned = desk.get(address).content.decode()
    desk.post(address)

    message.refresh_from_db()
    assert "gets it a second time" in warned
    assert (message.status, message.resends) == ("requeued", 1)


def test_staff_lift_a_suppression_with_a_reason(desk):
    row = Suppression.objects.create(address="a@example.org", reason="hard_bounce", since=NOON)
    page = reverse("admin:notifications_suppression_change", args=[row.pk])
    address = reverse("admin:notifications_suppression_lift", args=[row.pk])

    offered = address in desk.get(page).content.decode()
    desk.post(address, {"reason": "The customer called: new mailbox."})

    row.refresh_from_db()
    assert offered
    assert row.lift_reason == "The customer called: new mailbox."
    assert row.lifted_by
    assert address not in desk.get(page).content.decode()
