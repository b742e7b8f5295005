"""Erasure: remove a person from events and messages, delete messages not sent yet."""

from collections.abc import Collection

from django.db.models import Q, TextField
from django.db.models.functions import Cast, Lower

from notifications.models import UNSENT_STATUSES, Consent, Event, Message, Suppression
from notifications.preferences import ERASED
from storefront.lib.db.transactions import requires_transaction
from storefront.lib.security.anonymization import anonymize

# Payload fields with free text of customers, by event. They are emptied, because no search for
# known names and addresses finds all personal data in them.
FREE_TEXT_FIELDS = {"contact.received": ("name", "message")}


@requires_transaction
def anonymize_messages(
    *, emails: Collection[str], numbers: Collection[str], subject: str, texts: Collection[str]
) -> None:
    """Anonymize a person in events and messages; delete messages not sent yet.

    Events are found by the account (``subject``), the addresses and the order numbers; they stay,
    without personal data. The consents and suppressions of the person are
    deleted.
    """
    words = {text.lower() for text in texts}
    Consent.objects.filter(recipient__in=words).delete()
    mentions = Q(subject=subject)
    for text in (*emails, *numbers):
        mentions |= Q(text__icontains=text)
    rows = Event.objects.alias(text=Cast("payload", TextField())).filter(mentions)
    messages = Message.objects.alias(lower=Lower("recipient"))
    for event in rows:
        # Only messages to this person: a supplier's e-mail about the order keeps its recipient.
        theirs = messages.filter(event=event, lower__in=words)
        theirs.filter(status__in=UNSENT_STATUSES).delete()
        theirs.update(recipient=ERASED, problem="")  # a mail server's answer may quote the address
        payload = anonymize(event.payload, texts) | dict.fromkeys(
            FREE_TEXT_FIELDS.get(event.name, ()), ""
        )
        Event.objects.filter(pk=event.pk).update(payload=payload)
    # Last: a webhook that suppresses an address holds its message until it commits.
    Suppression.objects.filter(address__in=words).delete()


@requires_transaction
def clear_fields(*, subject: str, name_prefix: str, fields: Collection[str]) -> None:
    """Clear payload fields of the events whose name begins with ``name_prefix``."""
    for event in Event.objects.filter(subject=subject, name__startswith=name_prefix):
        cleared = {key: "" if key in fields else value for key, value in event.payload.items()}
        Event.objects.filter(pk=event.pk).update(payload=cleared)
