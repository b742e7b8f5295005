from datetime import timedelta

import pytest
from django.db import transaction

from notifications import dispatch
from notifications.deliverability.message_ids import find_message, message_id
from notifications.models import SENDING_TIMEOUT, Event, Message
from notifications.outbox import record_event
from storefront.lib.http.errors import PermanentError, TemporaryError
from storefront.lib.models import StatusChange
from storefront.lib.state_machine import ConcurrentUpdateError, InvalidTransitionError
from tests.factories.notifications import make_event, make_message
from tests.factories.suppliers import NOON
from tests.support.concurrency import Rival, all_at_once

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("post")]


def test_an_event_creates_its_messages_once():
    event = make_event("parcel.shipped", email="erika@example.org", locale="az")

    first = dispatch.fan_out(event=event, now=NOON)
    second = dispatch.fan_out(event=event, now=NOON)

    (message,) = first
    assert second == []
    assert (message.sender, message.template) == ("email", "parcel_shipped")
    assert (message.recipient, message.locale) == ("erika@example.org", "az")
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
    message = make_message()

    def work():
        dispatch.send(message=Message.objects.get(pk=message.pk), now=NOON)

    refused = all_at_once([work] * 6, (InvalidTransitionError, ConcurrentUpdateError))

    assert (len(post.sent), refused) == (1, 5)


def test_a_sent_message_is_never_sent_again(post):
    message = make_message()

    dispatch.send(message=message, now=NOON)
    with pytest.raises(InvalidTransitionError):
        dispatch.send(message=message, now=NOON)

    (composed,) = post.sent
    assert (message.status, message.attempts) == ("sent", 1)
    assert composed.recipient == "erika@example.org"
    assert composed.message_id == f"<delivery-{message.pk}@fara.example>"
    assert Message.objects.due(NOON + timedelta(days=30)).count() == 0


def test_a_message_that_cannot_be_rendered_is_logged_without_the_address(monkeypatch, caplog):
    message = make_message()
    monkeypatch.setattr(dispatch, "render", lambda **_: {}["gone"])

    dispatch.send(message=message, now=NOON)

    assert f"{message.template} {message.pk} cannot be written" in caplog.text
    assert message.recipient not in caplog.text


def test_a_failure_before_acceptance_is_retried_with_the_same_message_id(post):
    message = make_message()
    post.failures.append(TemporaryError("451 come back later"))

    dispatch.send(message=message, now=NOON)
    due_at = message.due_at
    failed = (message.status, message.problem, due_at > NOON, list(post.sent))
    too_early = Message.objects.due(due_at - timedelta(seconds=1)).count()
    dispatch.send(message=message, now=due_at)

    assert failed == ("retrying", "451 come back later", True, [])
    assert too_early == 0
    assert (message.status, message.attempts, message.problem) == ("sent", 2, "")
    assert [composed.message_id for composed in post.sent] == [message_id(message)]


def test_a_message_fails_after_ten_attempts_over_three_days_and_staff_can_resend_it(post):
    message = make_message()
    post.failures.extend(TemporaryError("451 later") for _ in range(10))

    while message.status in {"pending", "retrying"}:
        now = message.due_at
        dispatch.send(message=message, now=now)
    dead = (message.status, message.attempts, now - NOON >= timedelta(hours=72))
    dispatch.resend(message=message, actor="ada@fara.example", now=now)
    requeued = (message.status, list(Message.objects.due(now)))
    dispatch.send(message=message, now=now)

    assert dead == ("failed", 10, True)
    assert requeued == ("requeued", [message])
    assert (message.status, message.attempts, len(post.sent)) == ("sent", 1, 1)
    assert StatusChange.objects.filter(actor="ada@fara.example").count() == 1


def test_a_permanent_rejection_is_not_retried(post):
    message = make_message()
    post.failures.append(PermanentError("550 no such mailbox"))

    dispatch.send(message=message, now=NOON)

    assert (message.status, message.problem) == ("failed", "550 no such mailbox")


def test_a_message_without_confirmation_waits_for_staff(post):
    message = make_message()
    post.failures.append(TemporaryError("gone after the body", is_outcome_unknown=True))
    later = NOON + SENDING_TIMEOUT

    dispatch.send(message=message, now=NOON)
    with pytest.raises(InvalidTransitionError):
        dispatch.send(message=message, now=later)
    with pytest.raises(InvalidTransitionError):  # a worker may still be sending
        dispatch.resend(message=message, actor="ada", now=later - timedelta(seconds=1))

    message.refresh_from_db()
    assert message.status == "sending"
    assert message.problem == "May have been sent: gone after the body"
    assert list(Message.objects.unconfirmed(later - timedelta(seconds=1))) == []
    assert list(Message.objects.unconfirmed(later)) == [message]
    assert Message.objects.due(NOON + timedelta(days=30)).count() == 0
    assert post.sent == []


def test_staff_confirm_a_message_found_at_the_mail_server(post):
    message = make_message()
    message.move("sending", at=NOON, attempts=1)
    later = NOON + SENDING_TIMEOUT

    with pytest.raises(InvalidTransitionError):
        dispatch.confirm_sent(message=message, actor="ada", now=NOON)
    dispatch.confirm_sent(message=message, actor="ada", now=later)

    assert message.status == "sent"
    assert post.sent == []


def test_staff_resend_a_message_not_found(post):
    message = make_message()
    message.move("sending", at=NOON, attempts=1)
    later = NOON + SENDING_TIMEOUT

    dispatch.resend(message=message, actor="ada", now=later)
    dispatch.send(message=message, now=later)

    assert (message.status, len(post.sent)) == ("sent", 1)


def test_a_message_that_staff_send_a_second_time_gets_another_message_id(post):
    message = make_message()
    dispatch.send(message=message, now=NOON)

    dispatch.resend(message=message, actor="ada", now=NOON, may_repeat=True)
    dispatch.send(message=message, now=NOON)

    first, second = [composed.message_id for composed in post.sent]
    assert first != second
    assert find_message(first) == find_message(second) == message


@pytest.mark.parametrize("status", ["pending", "sent"])
def test_staff_cannot_resend_a_message_in_transit_or_sent(post, status):
    message = make_message()
    Message.objects.update(status=status)
    message.refresh_from_db()

    with pytest.raises(InvalidTransitionError):
        dispatch.resend(message=message, actor="ada", now=NOON)


def test_a_broken_template_is_retried_until_repaired(post):
    message = make_message()
    Event.objects.update(payload={"email": "erika@example.org", "locale": "en"})
    message.event.refresh_from_db()

    dispatch.send(message=message, now=NOON)

    assert (message.status, post.sent) == ("retrying", [])
    assert "UndefinedError" in message.problem


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
    message = make_message(email=address)

    dispatch.send(message=message, now=NOON)

    assert (message.status, post.sent) == ("failed", [])
