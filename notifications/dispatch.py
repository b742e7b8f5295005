"""Dispatch: create the messages of an event, send each once, retry, resolve unconfirmed ones."""

from __future__ import annotations

import logging
from datetime import datetime
from email.utils import formataddr, parseaddr

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from notifications.backoff import wait_after
from notifications.models import SENDING_TAKES, Delivery, Event
from notifications.rendering import render
from notifications.routes import routes_for
from notifications.sealed_links import with_link
from notifications.senders import Message, sender_for
from storefront.identity.current import shop_identity
from storefront.lib.failpoints import failpoint
from storefront.lib.http.errors import PermanentError, TemporaryError
from storefront.lib.state_machine import IllegalMoveError

log = logging.getLogger(__name__)

Status = Delivery.Status


@transaction.atomic(durable=True)
def fan_out(*, event: Event, now: datetime) -> list[Delivery]:
    """Create the messages of an event, once, also with concurrent callers.

    Locks:  the event
    """
    event = Event.objects.select_for_update(of=["self"]).get(pk=event.pk)
    if event.fanned_out_at is not None:
        return []
    deliveries = [
        Delivery(
            event=event,
            sender=route.sender,
            recipient=recipient,
            template=route.template,
            locale=str(event.payload["locale"]),
            status=Status.PENDING,
            status_since=now,
            due_at=now,
        )
        for route in routes_for(event.name)
        for recipient in _recipients(event.payload[route.recipient])
    ]
    Delivery.objects.bulk_create(deliveries)
    Event.objects.filter(pk=event.pk).update(fanned_out_at=now)
    failpoint("fan_out.before_commit")
    return deliveries


def _recipients(named: object) -> list[str]:
    """Return each address once; an empty list creates no message."""
    addresses = named if isinstance(named, list) else [named]
    return sorted({str(address) for address in addresses})


def send(*, delivery: Delivery, now: datetime) -> Delivery:
    """Send one message, unless another worker does.

    The status ``delivering`` is committed before the mail server is contacted. After a crash it
    stays, and only staff resend: a missed e-mail that staff see is better than a duplicate.
    Raises: LostRaceError     another worker sends it
            IllegalMoveError  already being sent, sent, or failed
    """
    delivery.move(Status.DELIVERING, at=now, attempts=delivery.attempts + 1, problem="")
    try:
        message = _message(delivery)
    except PermanentError as error:
        _give_up(delivery, str(error), now)
        return delivery
    except Exception as error:
        # A broken template fails before anything is sent: the retries leave days to repair it.
        log.exception("%s cannot be written", delivery)
        _try_later(delivery, f"{type(error).__name__}: {error}", now)
        return delivery
    failpoint("mail.before_sending")
    try:
        sender_for(delivery.sender).send(message)
        failpoint("mail.after_sending")
    except TemporaryError as error:
        if error.may_have_happened:
            _leave_in_doubt(delivery, str(error))
        else:
            _try_later(delivery, str(error), now)
    except PermanentError as error:
        _give_up(delivery, str(error), now)
    else:
        delivery.move(Status.DELIVERED, at=now)
    return delivery


def send_again(*, delivery: Delivery, actor: str, now: datetime) -> None:
    """Queue a failed or unconfirmed message again, by decision of staff.

    Raises: IllegalMoveError  it waits, is being sent, or was sent
    """
    if delivery.status == Status.DEAD:
        to = Status.REPLAYED
    elif is_in_doubt(delivery, now):
        to = Status.RETRYING
    else:
        raise IllegalMoveError(f"{delivery}: {delivery.status}")
    delivery.move(to, at=now, actor=actor, reason="staff: send it again", attempts=0, due_at=now)


def settle(*, delivery: Delivery, actor: str, now: datetime) -> None:
    """Mark an unconfirmed message as sent, after staff checked the mail server.

    Raises: IllegalMoveError  it is not unconfirmed
    """
    if not is_in_doubt(delivery, now):
        raise IllegalMoveError(f"{delivery}: {delivery.status}")
    delivery.move(Status.DELIVERED, at=now, actor=actor, reason="staff: it was sent")


def is_in_doubt(delivery: Delivery, now: datetime) -> bool:
    return delivery.status == Status.DELIVERING and delivery.status_since <= now - SENDING_TAKES


def message_id(delivery: Delivery) -> str:
    """Return the Message-ID, the same for all attempts, so that mailboxes detect duplicates."""
    domain = parseaddr(settings.MAIL_FROM)[1].rpartition("@")[2]
    return f"<delivery-{delivery.pk}@{domain}>"


def _message(delivery: Delivery) -> Message:
    try:
        validate_email(delivery.recipient)
    except ValidationError as error:
        raise PermanentError(f"no address: {delivery.recipient!r}") from error
    letter = render(
        template=delivery.template,
        locale=delivery.locale,
        payload=with_link(delivery.event.payload),
    )
    return Message(
        message_id=message_id(delivery),
        sender=formataddr((shop_identity().name, parseaddr(settings.MAIL_FROM)[1])),
        recipient=delivery.recipient,
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        reply_to=_reply_to(delivery),
    )


def _reply_to(delivery: Delivery) -> str:
    routes = routes_for(delivery.event.name)
    field = next((each.reply_to for each in routes if each.template == delivery.template), "")
    return str(delivery.event.payload[field]) if field else ""


def _try_later(delivery: Delivery, problem: str, now: datetime) -> None:
    wait = wait_after(tries=delivery.attempts, salt=str(delivery.pk))
    if wait is None:
        _give_up(delivery, problem, now)
    else:
        delivery.move(
            Status.RETRYING, at=now, reason=problem, problem=problem[:300], due_at=now + wait
        )


def _give_up(delivery: Delivery, problem: str, now: datetime) -> None:
    delivery.move(Status.DEAD, at=now, reason=problem, problem=problem[:300])


def _leave_in_doubt(delivery: Delivery, problem: str) -> None:
    delivery.problem = f"May have been sent: {problem}"[:300]
    delivery.save(update_fields=["problem"])
