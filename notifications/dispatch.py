"""Dispatch: create the messages of an event, send each once, retry, resolve unconfirmed ones."""

import logging
from collections.abc import Collection, Mapping
from datetime import datetime, time, timedelta
from email.utils import formataddr, parseaddr
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from notifications import preferences
from notifications.deliverability import chat_channels, suppressions
from notifications.deliverability.message_ids import message_id
from notifications.deliverability.suppressions import UnreachableError
from notifications.models import SENDING_TIMEOUT, UNSENT_STATUSES, Consent, Event, Message
from notifications.rendering import render, render_chat_message, render_text_message
from notifications.routes import ROUTES, Route
from notifications.sealed_links import HIDDEN_LINK, decrypt_link, hide_links
from notifications.senders import OptedOutError, OutgoingMessage, Receipt, sender_for, sms
from storefront.identity import live_database
from storefront.identity.current import shop_identity
from storefront.lib.clock import time_zone_of, time_zones_of
from storefront.lib.failpoints import failpoint
from storefront.lib.http.backoff import DELAYS, add_jitter
from storefront.lib.http.errors import PermanentError, TemporaryError
from storefront.lib.state_machine import InvalidTransitionError

log = logging.getLogger(__name__)

Status = Message.Status
# Templates that say what happens today.
TODAY_ONLY = frozenset({"parcel_out_for_delivery"})
# An alert of 23:59 is still true at 0:00; a digest is replaced by that of the next morning.
MAX_AGES: Mapping[str, timedelta] = dict.fromkeys(
    ("staff_alert", "staff_digest"), timedelta(hours=20)
)
ENDS_OF_PARCEL = ("parcel.delivered", "parcel.lost", "parcel.returned")
# A text message that waits for the morning is no longer true after a later event of its parcel.
SUPERSEDED_BY: Mapping[str, tuple[str, ...]] = {
    "parcel.shipped": (
        "parcel.out_for_delivery",
        "parcel.ready_for_pickup",
        "parcel.exception",
        *ENDS_OF_PARCEL,
    ),
    "parcel.out_for_delivery": (
        "parcel.ready_for_pickup",
        "parcel.exception",
        *ENDS_OF_PARCEL,
    ),
    **dict.fromkeys(
        ("parcel.silent", "parcel.exception"),
        ("parcel.out_for_delivery", "parcel.ready_for_pickup", *ENDS_OF_PARCEL),
    ),
    "parcel.ready_for_pickup": ENDS_OF_PARCEL,
    **dict.fromkeys(("parcel.lost", "parcel.returned"), ("parcel.delivered",)),
}
RESTORED = "A backup was restored: this may have been sent after the backup was made."
MAX_MORNINGS = 4  # more are tried only for zones that have no hour in common
# Local time of the country of delivery, in each of its zones, during which a channel sends.
SENDING_HOURS: Mapping[str, tuple[time, time]] = {preferences.SMS: (time(8), time(21))}


@transaction.atomic(durable=True)
def fan_out(*, event: Event, now: datetime) -> list[Message]:
    """Create the messages of an event, once, even with concurrent callers. Locks the event."""
    event = Event.objects.select_for_update(of=["self"]).get(pk=event.pk)
    if event.fanned_out_at is not None:
        return []
    # Of an event that is older than a restored backup: see ``send``.
    is_forgotten = live_database.cached().is_from_before(event.occurred_at)
    messages = [
        Message(
            event=event,
            sender=route.sender,
            recipient=recipient,
            template=route.template,
            locale=str(event.payload["locale"]),
            status=Status.PENDING,
            status_since=event.occurred_at if is_forgotten else now,
            due_at=now,
        )
        for route in ROUTES.get(event.name, ())
        for recipient in _recipients(event, route)
    ]
    messages = [message for message in messages if preferences.is_wanted(message)]
    Message.objects.bulk_create(messages)
    Event.objects.filter(pk=event.pk).update(fanned_out_at=now)
    failpoint("fan_out.before_commit")
    return messages


def _recipients(event: Event, route: Route) -> list[str]:
    """Return each address once; an empty list creates no message."""
    if route.sender == preferences.SMS:
        number = event.payload.get(route.recipient)
        return [number] if number and sms.is_offered() else []
    if route.sender == preferences.CHAT:
        channel = event.payload[route.recipient]
        return [channel] if channel and chat_channels.is_enabled(channel) else []
    named = event.payload[route.recipient]
    addresses = named if isinstance(named, list) else [named]
    return sorted({str(address) for address in addresses})


def send(*, message: Message, now: datetime) -> Message:
    """Send one message, unless another worker does.

    The status ``sending`` is committed before the server is contacted. After a crash it stays, and
    only staff resend: a missed message that staff see is better than a duplicate. For that reason,
    what waits since before a backup was restored fails: it may have been sent since. A message that
    its recipient no longer wants, or that is no longer true, is deleted. Outside the sending hours
    of its channel, a message waits for their start.
    Raises: ConcurrentUpdateError   another worker sends it
            InvalidTransitionError  already being sent, sent, or failed
    """
    reasons = suppressions.active_reasons(message)
    if message.status in UNSENT_STATUSES and not _may_send(message, reasons, now):
        return message
    waits_since = message.status_since
    message.move(Status.SENDING, at=now, attempts=message.attempts + 1, problem="", delivery="")
    try:
        _require_not_forgotten(waits_since)
        suppressions.check_reachable(message, reasons)
        composed = compose(message)
    except UnreachableError as error:
        _mark_failed(message, str(error), now, delivery=Message.Delivery.SUPPRESSED)
        return message
    except PermanentError as error:
        _mark_failed(message, str(error), now)
        return message
    except Exception as error:
        # A broken template fails before anything is sent: the retries leave days to repair it.
        log.exception("%s cannot be written", message)
        _retry_later(message, f"{type(error).__name__}: {error}", now)
        return message
    failpoint("mail.before_sending")
    try:
        receipt = hand_over(composed, sender=message.sender)
        failpoint("mail.after_sending")
    except TemporaryError as error:
        if error.is_outcome_unknown:
            _record_unconfirmed(message, str(error))
        else:
            _retry_later(message, str(error), now, after_s=error.retry_after_s or 0)
    except PermanentError as error:
        _mark_failed(message, str(error), now)
        if isinstance(error, OptedOutError):
            _record_opt_out(message, now)
    else:
        message.move(Status.SENT, at=now, **_receipt_fields(receipt))
    return message


def _require_not_forgotten(waits_since: datetime) -> None:
    """Raise PermanentError if the message may have been sent before a backup was restored."""
    if live_database.cached().is_from_before(waits_since):
        raise PermanentError(RESTORED)


def hand_over(composed: OutgoingMessage, *, sender: str) -> Receipt | None:
    """Pass a message to its sender, and record whether a chat channel took it. Raises as the sender."""
    if sender != preferences.CHAT:
        return sender_for(sender).send(composed)
    with chat_channels.record_outcome(composed.recipient):
        return sender_for(sender).send(composed)


def _may_send(message: Message, reasons: Collection[str], now: datetime) -> bool:
    """Return whether a message may be sent now; if not, delete it or set its due time.

    An address that is suppressed for any of ``reasons`` gets no message that it could refuse.
    """
    mine = Message.objects.filter(pk=message.pk, status=message.status)
    is_refused = bool(reasons) and preferences.kind_of_message(message) is not None
    if is_refused or not preferences.is_wanted(message) or _is_obsolete(message, now):
        mine.delete()
        return False
    if due_at := _sending_starts_at(message, now):
        mine.update(due_at=due_at)
        return False
    return True


def _is_obsolete(message: Message, now: datetime) -> bool:
    return _is_outdated(message, now) or _is_superseded(message)


def _is_superseded(message: Message) -> bool:
    """Return whether a later event of the same parcel made a text message untrue."""
    event = message.event
    later = SUPERSEDED_BY.get(event.name, ())
    if message.sender != preferences.SMS or not later:
        return False
    parcel = event.payload.get("parcel")
    following = Event.objects.filter(subject=event.subject, sequence__gt=event.sequence)
    return following.filter(name__in=later, payload__parcel=parcel).exists()


def _is_outdated(message: Message, now: datetime) -> bool:
    """Return whether a message about today was to be sent on an earlier day, or is too old.

    The day is that of the country of delivery.
    """
    if max_age := MAX_AGES.get(message.template):
        return now - message.event.occurred_at > max_age
    zone = time_zone_of(_country(message))
    is_of_earlier_day = (
        message.event.occurred_at.astimezone(zone).date() < now.astimezone(zone).date()
    )
    return message.template in TODAY_ONLY and is_of_earlier_day


def _country(message: Message) -> str:
    return str(message.event.payload.get("goes_to", ""))


def _sending_starts_at(message: Message, now: datetime) -> datetime | None:
    """Return when the channel may send again in all time zones of the country; None if it may now.

    A country whose zones are too far apart has no such time: its first zone decides.
    """
    hours = SENDING_HOURS.get(message.sender)
    if hours is None:
        return None
    zones = time_zones_of(_country(message))
    starts_at = now
    for _ in range(MAX_MORNINGS):
        mornings = [start for zone in zones if (start := _next_morning(starts_at, zone, hours))]
        if not mornings:
            return starts_at if starts_at > now else None
        starts_at = max(mornings)
    return _next_morning(now, zones[0], hours)


def _next_morning(at: datetime, zone: ZoneInfo, hours: tuple[time, time]) -> datetime | None:
    local = at.astimezone(zone)
    if hours[0] <= local.time() < hours[1]:
        return None
    day = local.date() + timedelta(days=local.time() >= hours[1])
    return datetime.combine(day, hours[0], tzinfo=zone)


def _receipt_fields(receipt: Receipt | None) -> dict[str, Any]:
    """Return the columns that a receipt fills; none without a receipt, as for an e-mail."""
    if receipt is None:
        return {}
    return {
        "external_id": receipt.external_id,
        "segments": receipt.segments,
        "cost_amount": receipt.cost,
        "cost_currency": receipt.currency,
    }


def _record_opt_out(message: Message, now: datetime) -> None:
    preferences.withdraw_all(
        recipient=message.recipient,
        sender=message.sender,
        source=Consent.Source.PROVIDER,
        now=now,
    )


def resend(*, message: Message, actor: str, now: datetime, may_repeat: bool = False) -> None:
    """Queue a failed or unconfirmed message again, by decision of staff.

    With ``may_repeat`` also one that was sent: its recipient gets it a second time.

    Raises: InvalidTransitionError  it waits, is being sent, or was sent and may not be repeated
    """
    fields: dict[str, Any] = (
        {"resends": message.resends + 1} if message.status == Status.SENT else {}
    )
    if message.status == Status.FAILED or (may_repeat and message.status == Status.SENT):
        to = Status.REQUEUED
    elif is_unconfirmed(message, now):
        to = Status.RETRYING
    else:
        raise InvalidTransitionError(f"{message}: {message.status}")
    reason = "staff: send it again"
    message.move(to, at=now, actor=actor, reason=reason, attempts=0, due_at=now, **fields)


def confirm_sent(*, message: Message, actor: str, now: datetime) -> None:
    """Mark an unconfirmed message as sent, after staff checked the mail server.

    Raises: InvalidTransitionError  it is not unconfirmed
    """
    if not is_unconfirmed(message, now):
        raise InvalidTransitionError(f"{message}: {message.status}")
    message.move(Status.SENT, at=now, actor=actor, reason="staff: it was sent")


def is_unconfirmed(message: Message, now: datetime) -> bool:
    return message.status == Status.SENDING and message.status_since <= now - SENDING_TIMEOUT


def compose(message: Message, *, hides_links: bool = False) -> OutgoingMessage:
    """Return a message as it is sent; with ``hides_links``, as staff may see it.

    Raises: PermanentError  the recipient is no address; also errors of ``render``
    """
    payload = message.event.payload
    payload = hide_links(payload) if hides_links else decrypt_link(payload)
    if message.sender == preferences.SMS:
        text = render_text_message(
            template=message.template, locale=message.locale, payload=payload
        )
        return OutgoingMessage(recipient=message.recipient, text=text)
    if message.sender == preferences.CHAT:
        text = render_chat_message(
            template=message.template, locale=message.locale, payload=payload
        )
        if hides_links:
            return OutgoingMessage(recipient=message.recipient, text=text)
        channel = chat_channels.find_channel(message.recipient)
        return OutgoingMessage(
            recipient=message.recipient,
            text=text,
            chat_url=chat_channels.webhook_url(channel),
            chat_dialect=channel.dialect,
        )
    try:
        validate_email(message.recipient)
    except ValidationError as error:
        raise PermanentError(f"no address: {message.recipient!r}") from error
    preferences_url = preferences.preferences_url(message)
    if preferences_url and hides_links:
        preferences_url = HIDDEN_LINK
    shop = shop_identity()
    content = render(
        template=message.template,
        locale=message.locale,
        payload=payload,
        preferences_url=preferences_url,
    )
    return OutgoingMessage(
        message_id=message_id(message),
        from_address=formataddr((shop.sender_name or shop.name, parseaddr(settings.MAIL_FROM)[1])),
        recipient=message.recipient,
        subject=content.subject,
        text=content.text,
        html=content.html,
        attachments=content.attachments,
        reply_to=_reply_to(message) or shop.reply_to,
        is_from_person=bool(_reply_to(message)),
        unsubscribe_url=preferences_url and f"{preferences_url}stop/",
    )


def _reply_to(message: Message) -> str:
    routes = ROUTES.get(message.event.name, ())
    field = next((route.reply_to for route in routes if route.template == message.template), "")
    return str(message.event.payload[field]) if field else ""


def _retry_later(message: Message, problem: str, now: datetime, *, after_s: float = 0) -> None:
    if message.attempts > len(DELAYS):
        _mark_failed(message, problem, now)
        return
    delay = max(DELAYS[message.attempts - 1], timedelta(seconds=after_s))
    due_at = now + add_jitter(delay)
    message.move(Status.RETRYING, at=now, reason=problem, problem=problem[:300], due_at=due_at)


def _mark_failed(message: Message, problem: str, now: datetime, **fields: str) -> None:
    message.move(Status.FAILED, at=now, reason=problem, problem=problem[:300], **fields)


def _record_unconfirmed(message: Message, problem: str) -> None:
    message.problem = f"May have been sent: {problem}"[:300]
    message.save(update_fields=["problem"])
