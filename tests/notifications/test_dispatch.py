from datetime import timedelta

import pytest
from django.db import transaction

from notifications import dispatch, senders
from notifications.deliverability.message_ids import find_message, message_id
from notifications.models import SENDING_TIMEOUT, Event, Message
from notifications.outbox import record_event
from storefront.lib.http.errors import PermanentError, TemporaryError
from storefront.lib.models import StatusChange
from storefront.lib.state_machine import ConcurrentUpdateError, InvalidTransitionError
from tests.factories.notifications import make_delivery, make_event
from tests.factories.suppliers import NOON
from tests.fakes.notification_sender import Fake
from tests.support.concurrency import Rival, all_at_once

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def post(monkeypatch):
    Fake.forget()
    monkeypatch.setitem(senders.SENDERS, "email", "tests.fakes.notification_sender.Fake")
    return Fake


def test_an_event_creates_its_messages_once():
    event = make_event("parcel.shipped", email="erika@example.org", locale="az")

    first = dispatch.fan_out(event=event, now=NOON)
    second = dispatch.fan_out(event=event, now=NOON)

    (delivery,) = first
    assert second == []
    assert (delivery.sender, delivery.template) == ("email", "parcel_shipped")
    assert (delivery.recipient, delivery.locale) == ("erika@example.org", "az")
    assert Event.objects.get().fanned_out_at == NOON


@pytest.mark.django_db(transaction=True)
def test_an_event_waits_for_the_number_of_the_one_before_it():
    def record(key):
        with transaction.atomic():
            event = record_event(name="a", key=key, subject="order:1", payload={}, at=NOON)
        return event.sequence

    rival = Rival(lambda: record("second"))

    with transaction.atomic():
        first = record("first")
        rival.begin()

    assert (first, rival.finish(), rival.failure) == (1, 2, None)


@pytest.mark.parametrize(
    ("email", "recipients_expected"),
    [
        (
            ["b@fara.example", "a@fara.example", "b@fara.example"],
            ["a@fara.example", "b@fara.example"],
        ),
        ([], []),
    ],
)
def test_each_recipient_of_an_event_gets_one_message(email, recipients_expected):
    event = make_event("compliance_document.expires", email=email)

    dispatch.fan_out(event=event, now=NOON)
    dispatch.fan_out(event=event, now=NOON)

    recipients = event.messages.order_by("recipient").values_list("recipient", flat=True)
    assert list(recipients) == recipients_expected


@pytest.mark.django_db(transaction=True)
def test_six_workers_with_one_event_create_one_message():
    event = make_event()

    all_at_once([lambda: dispatch.fan_out(event=event, now=NOON)] * 6, ())

    assert Message.objects.count() == 1


def test_an_event_without_recipients_is_done():
    event = make_event()
    Event.objects.update(name="purchase_order.accepted")

    assert dispatch.fan_out(event=event, now=NOON) == []
    assert Event.objects.get().fanned_out_at == NOON


@pytest.mark.django_db(transaction=True)
def test_six_workers_with_one_message_send_it_once(post):
    delivery = make_delivery()

    def work():
        dispatch.send(delivery=Message.objects.get(pk=delivery.pk), now=NOON)

    refused = all_at_once([work] * 6, (InvalidTransitionError, ConcurrentUpdateError))

    assert (len(post.sent), refused) == (1, 5)


def test_a_sent_message_is_never_sent_again(post):
    delivery = make_delivery()

    dispatch.send(delivery=delivery, now=NOON)
    with pytest.raises(InvalidTransitionError):
        dispatch.send(delivery=delivery, now=NOON)

    (message,) = post.sent
    assert (delivery.status, delivery.attempts) == ("sent", 1)
    assert message.recipient == "erika@example.org"
    assert message.message_id == f"<delivery-{delivery.pk}@fara.example>"
    assert Message.objects.due(NOON + timedelta(days=30)).count() == 0


def test_a_message_that_cannot_be_rendered_is_logged_without_the_address(monkeypatch, caplog):
    delivery = make_delivery()
    monkeypatch.setattr(dispatch, "render", lambda **_: {}["gone"])

    dispatch.send(delivery=delivery, now=NOON)

    assert f"{delivery.template} {delivery.pk} cannot be written" in caplog.text
    assert delivery.recipient not in caplog.text


def test_a_failure_before_acceptance_is_retried_with_the_same_message_id(post):
    delivery = make_delivery()
    post.failures.append(TemporaryError("451 come back later"))

    dispatch.send(delivery=delivery, now=NOON)
    due_at = delivery.due_at
    failed = (delivery.status, delivery.problem, due_at > NOON, list(post.sent))
    too_early = Message.objects.due(due_at - timedelta(seconds=1)).count()
    dispatch.send(delivery=delivery, now=due_at)

    assert failed == ("retrying", "451 come back later", True, [])
    assert too_early == 0
    assert (delivery.status, delivery.attempts, delivery.problem) == ("sent", 2, "")
    assert [message.message_id for message in post.sent] == [message_id(delivery)]


def test_a_message_fails_after_ten_attempts_over_three_days_and_staff_can_resend_it(post):
    delivery = make_delivery()
    post.failures.extend(TemporaryError("451 later") for _ in range(10))

    while delivery.status in {"pending", "retrying"}:
        now = delivery.due_at
        dispatch.send(delivery=delivery, now=now)
    dead = (delivery.status, delivery.attempts, now - NOON >= timedelta(hours=72))
    dispatch.resend(delivery=delivery, actor="ada@fara.example", now=now)
    requeued = (delivery.status, list(Message.objects.due(now)))
    dispatch.send(delivery=delivery, now=now)

    assert dead == ("failed", 10, True)
    assert requeued == ("requeued", [delivery])
    assert (delivery.status, delivery.attempts, len(post.sent)) == ("sent", 1, 1)
    assert StatusChange.objects.filter(actor="ada@fara.example").count() == 1


def test_a_permanent_rejection_is_not_retried(post):
    delivery = make_delivery()
    post.failures.append(PermanentError("550 no such mailbox"))

    dispatch.send(delivery=delivery, now=NOON)

    assert (delivery.status, delivery.problem) == ("failed", "550 no such mailbox")


def test_a_message_without_confirmation_waits_for_staff(post):
    delivery = make_delivery()
    post.failures.append(TemporaryError("gone after the body", is_outcome_unknown=True))
    later = NOON + SENDING_TIMEOUT

    dispatch.send(delivery=delivery, now=NOON)
    with pytest.raises(InvalidTransitionError):
        dispatch.send(delivery=delivery, now=later)
    with pytest.raises(InvalidTransitionError):  # a worker may still be sending
        dispatch.resend(delivery=delivery, actor="ada", now=later - timedelta(seconds=1))

    delivery.refresh_from_db()
    assert delivery.status == "sending"
    assert delivery.problem == "May have been sent: gone after the body"
    assert list(Message.objects.unconfirmed(later - timedelta(seconds=1))) == []
    assert list(Message.objects.unconfirmed(later)) == [delivery]
    assert Message.objects.due(NOON + timedelta(days=30)).count() == 0
    assert post.sent == []


def test_staff_confirm_a_message_found_at_the_mail_server(post):
    delivery = make_delivery()
    delivery.move("sending", at=NOON, attempts=1)
    later = NOON + SENDING_TIMEOUT

    with pytest.raises(InvalidTransitionError):
        dispatch.confirm_sent(delivery=delivery, actor="ada", now=NOON)
    dispatch.confirm_sent(delivery=delivery, actor="ada", now=later)

    assert delivery.status == "sent"
    assert post.sent == []


def test_staff_resend_a_message_not_found(post):
    delivery = make_delivery()
    delivery.move("sending", at=NOON, attempts=1)
    later = NOON + SENDING_TIMEOUT

    dispatch.resend(delivery=delivery, actor="ada", now=later)
    dispatch.send(delivery=delivery, now=later)

    assert (delivery.status, len(post.sent)) == ("sent", 1)


def test_a_message_that_staff_send_a_second_time_gets_another_message_id(post):
    delivery = make_delivery()
    dispatch.send(delivery=delivery, now=NOON)

    dispatch.resend(delivery=delivery, actor="ada", now=NOON, may_repeat=True)
    dispatch.send(delivery=delivery, now=NOON)

    first, second = [message.message_id for message in post.sent]
    assert first != second
    assert find_message(first) == find_message(second) == delivery


@pytest.mark.parametrize("status", ["pending", "sent"])
def test_staff_cannot_resend_a_message_in_transit_or_sent(post, status):
    delivery = make_delivery()
    Message.objects.update(status=status)
    delivery.refresh_from_db()

    with pytest.raises(InvalidTransitionError):
        dispatch.resend(delivery=delivery, actor="ada", now=NOON)


def test_a_broken_template_is_retried_until_repaired(post):
    delivery = make_delivery()
    Event.objects.update(payload={"email": "erika@example.org", "locale": "en"})
    delivery.event.refresh_from_db()

    dispatch.send(delivery=delivery, now=NOON)

    assert (delivery.status, post.sent) == ("retrying", [])
    assert "UndefinedError" in delivery.problem


@pytest.mark.parametrize(
    "address",
    [
        "erika@example.org\r\nBcc: evil@example.com",
        "a@b",
        "a b@example.org",
        "",
        "a@example.org,b@c.d",
    ],
)
def test_a_message_to_an_invalid_address_fails(post, address):
    delivery = make_delivery(email=address)

    dispatch.send(delivery=delivery, now=NOON)

    assert (delivery.status, post.sent) == ("failed", [])
