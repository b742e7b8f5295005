"""Suppressed addresses: which messages stop, which go on, who lifts a suppression."""

import pytest
from django.db import transaction

from notifications import dispatch
from notifications.deliverability import suppressions
from notifications.models import Message, Suppression
from tests.factories.notifications import make_event, make_message
from tests.factories.suppliers import NOON
from tests.support.concurrency import all_at_once

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("post")]


def make_suppression(reason="hard_bounce", mail=None):
    mail = mail or make_message("order.placed")
    with transaction.atomic():
        suppressions.suppress(message=mail, reason=reason, detail="550", at=NOON)
    return mail


@pytest.mark.parametrize(
    ("reason", "is_sent"), [("hard_bounce", False), ("soft_bounces", True), ("complaint", True)]
)
def test_a_mandatory_message_stops_only_if_the_mailbox_does_not_exist(post, reason, is_sent):
    make_suppression(reason)
    mail = make_message("order.refunded", email="Erika@Example.org")

    dispatch.send(message=mail, now=NOON)

    mail.refresh_from_db()
    assert len(post.sent) == is_sent
    if not is_sent:
        assert (mail.status, mail.delivery) == ("failed", "suppressed")
        assert mail.problem == "not sent: this address does not accept e-mail"


@pytest.mark.parametrize("reason", suppressions.Reason)
def test_a_message_that_can_be_refused_stops_at_once(post, reason):
    waiting = make_message("parcel.delivered")
    make_suppression(reason)

    dispatch.send(message=waiting, now=NOON)

    assert post.sent == []
    assert not Message.objects.filter(pk=waiting.pk).exists()


def test_a_message_that_proves_an_address_is_sent(post):
    make_suppression()
    event = make_event("order.refunded")
    proof = Message.objects.create(
        event=event, sender="email", recipient="erika@example.org", locale="en",
        template="account_confirm", status="pending", status_since=NOON, due_at=NOON,
    )  # fmt: skip

    assert suppressions.check_reachable(proof, suppressions.active_reasons(proof)) is None


def test_after_a_suppression_is_lifted_staff_can_resend(post):
    make_suppression()
    mail = make_message("order.refunded")
    dispatch.send(message=mail, now=NOON)

    suppressions.lift(address=mail.recipient, actor="nino", reason="new mailbox", now=NOON)
    dispatch.resend(message=mail, actor="nino", now=NOON)
    dispatch.send(message=mail, now=NOON)

    mail.refresh_from_db()
    assert (mail.status, mail.delivery, len(post.sent)) == ("sent", "", 1)
    assert Suppression.objects.get().lifted_by == "nino"


@pytest.mark.django_db(transaction=True)
def test_six_workers_suppress_an_address_once():
    mail = make_message("order.placed")

    all_at_once([lambda: make_suppression(mail=mail)] * 6, ())

    assert Suppression.objects.count() == 1
