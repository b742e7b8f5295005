"""The mail sandbox as Postmark: the shop applies what it reports, through HTTP."""

import queue

import pytest

from notifications.deliverability.message_ids import message_id
from notifications.models import Suppression
from storefront.dev.sandboxes import mail_events
from storefront.webhooks import processing, reception
from storefront.webhooks.models import InboundWebhook
from tests.factories.notifications import make_message

pytestmark = pytest.mark.django_db
SECRET = "postmark:a-long-webhook-secret"


@pytest.fixture
def reports(monkeypatch, settings, client):
    """Reports of one e-mail: posted to the shop as the sandbox posts them."""
    settings.MAIL_PROVIDER, settings.MAIL_WEBHOOK_SECRET = "postmark", SECRET
    monkeypatch.setattr(reception.process, "delay", lambda **_: None)
    calls = queue.SimpleQueue()

    def post(url, body, headers, *, timeout_s):
        calls.put((url, body, headers))

    monkeypatch.setattr(mail_events, "post", post)
    reporter = mail_events.Reporter("/hooks/postmark/", SECRET)

    def report(mail, recipient, count):
        content = f"X-PM-Metadata-message: {message_id(mail).strip('<>')}\r\n\r\nHello".encode()
        reporter.report(content, [recipient])
        for _ in range(count):
            url, body, headers = calls.get(timeout=5)
            answer = client.post(url, body, content_type="application/json", headers=headers)
            assert answer.status_code == 200
        for call in InboundWebhook.objects.filter(status="received").order_by("pk"):
            processing.process(call=call, now=call.received_at)
        mail.refresh_from_db()
        return mail.delivery

    return report


@pytest.mark.parametrize(
    ("recipient", "count", "delivery", "reasons"),
    [
        ("erika@example.org", 1, "delivered", []),
        ("bounce@example.org", 1, "bounced", ["hard_bounce"]),
        ("full@example.org", 1, "soft_bounced", []),
        ("spam@example.org", 2, "complained", ["complaint"]),
    ],
)
def test_the_address_decides_what_is_reported(reports, recipient, count, delivery, reasons):
    mail = make_message("order.placed", email=recipient)

    assert reports(mail, recipient, count) == delivery
    assert list(Suppression.objects.values_list("reason", flat=True)) == reasons
