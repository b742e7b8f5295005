"""Erasure: remove a person from events and messages, delete messages not sent yet."""

from collections.abc import Collection

from django.db.models import Q, TextField
from django.db.models.functions import Cast, Lower

from notifications.models import Event, Message
from storefront.lib.db.transactions import requires_transaction
from storefront.lib.security.anonymization import anonymize

ERASED = "erased@erased.invalid"
# Payload fields, by event, with free text of customers: scrubbing an address would miss it.
FREE_TEXT_FIELDS = {"contact.received": ("name", "message")}
UNSENT_STATUSES = ("pending", "retrying", "requeued")


@requires_transaction
def anonymize_messages(
    *, emails: Collection[str], numbers: Collection[str], subject: str, texts: Collection[str]
) -> None:
    """Anonymize a person in events and messages; delete messages not sent yet.

    Events of the person's orders stay, without personal data: they are found by the order numbers.
    ``subject`` is that of the account's own events.
    """
    mentions = Q(subject=subject)
    for text in (*emails, *numbers):
        mentions |= Q(text__icontains=text)
    rows = Event.objects.alias(text=Cast("payload", TextField())).filter(mentions)
    messages = Message.objects.alias(lower=Lower("recipient"))
    for event in rows:
        # Only messages to this person: a supplier's e-mail about the order keeps its recipient.
        theirs = messages.filter(event=event, lower__in={word.lower() for word in texts})
        theirs.filter(status__in=UNSENT_STATUSES).delete()
        theirs.update(recipient=ERASED)
        payload = anonymize(event.payload, texts) | dict.fromkeys(
            FREE_TEXT_FIELDS.get(event.name, ()), ""
        )
        Event.objects.filter(pk=event.pk).update(payload=payload)


@requires_transaction
def clear_fields(*, subject: str, facts: str, parts: Collection[str]) -> None:
    """Clear the payload fields ``parts`` of events whose name begins with ``facts``."""
    for event in Event.objects.filter(subject=subject, name__startswith=facts):
        cleared = {key: "" if key in parts else value for key, value in event.payload.items()}
        Event.objects.filter(pk=event.pk).update(payload=cleared)
