"""Notification tasks: find waiting events and due messages, create and send messages."""

from contextlib import suppress
from typing import Any

from celery import shared_task
from django.utils import timezone

from notifications import dispatch
from notifications.models import Event, Message
from storefront.lib.failpoints import failpoint
from storefront.lib.state_machine import ConcurrentUpdateError, InvalidTransitionError

BATCH = 200


@shared_task
def fan_out(*, event_id: int, **_: Any) -> None:
    event = Event.objects.get(pk=event_id)
    messages = dispatch.fan_out(event=event, now=timezone.now())
    failpoint("fan_out.after_commit")
    for message in messages:
        send.delay(message_id=message.pk)


@shared_task
def fan_out_waiting(**_: Any) -> None:
    """Create the messages of events that have none yet, one task per event."""
    waiting = Event.objects.filter(fanned_out_at__isnull=True).order_by("pk")
    for event_id in waiting.values_list("pk", flat=True)[:BATCH]:
        fan_out.delay(event_id=event_id)


@shared_task
def send(*, message_id: int, **_: Any) -> None:
    message = Message.objects.select_related("event").filter(pk=message_id).first()
    if message is None:  # deleted: its recipient no longer wants it, or was erased
        return
    # Another worker has sent it, or is sending it.
    with suppress(InvalidTransitionError, ConcurrentUpdateError):
        dispatch.send(message=message, now=timezone.now())


@shared_task
def send_due(**_: Any) -> None:
    """Send messages that are due, for the first time or as a retry."""
    due = Message.objects.due(timezone.now()).order_by("due_at", "pk")
    for message_id in due.values_list("pk", flat=True)[:BATCH]:
        send.delay(message_id=message_id)
