"""Erasure: remove a person from events and messages, delete messages not sent yet."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q, TextField
from django.db.models.functions import Cast, Lower

from notifications.models import Delivery, Event
from storefront.lib.db.transactions import needs_transaction
from storefront.lib.security.anonymization import scrub

NOBODY = "nobody@erased.invalid"
# Payload fields, by event, with free text of customers, which scrubbing an address would miss.
WRITTEN = {"contact.received": ("name", "message")}
WAITING = ("pending", "retrying", "replayed")


@needs_transaction
def forget(
    *, emails: Collection[str], numbers: Collection[str], subject: str, words: Collection[str]
) -> None:
    """Empty what facts and messages say of a person; what was not sent yet is not sent.

    Events of the person's orders stay, without personal data: they are found by the orders'
    numbers. ``subject`` is that of the account's own events.
    """
    found = Q(subject=subject)
    for text in (*emails, *numbers):
        found |= Q(text__icontains=text)
    rows = Event.objects.alias(text=Cast("payload", TextField())).filter(found)
    told = Delivery.objects.alias(lower=Lower("recipient"))
    for event in rows:
        # Only what went to him: a supplier's mail about his order stays the supplier's.
        his = told.filter(event=event, lower__in={word.lower() for word in words})
        his.filter(status__in=WAITING).delete()
        his.update(recipient=NOBODY)
        payload = scrub(event.payload, words) | dict.fromkeys(WRITTEN.get(event.name, ()), "")
        Event.objects.filter(pk=event.pk).update(payload=payload)


@needs_transaction
def empty(*, subject: str, facts: str, parts: Collection[str]) -> None:
    """Empty what somebody wrote himself, which no word of his address finds.

    Shape:  ``facts`` is how the names of the facts begin; ``parts`` are keys of their payloads
    """
    for event in Event.objects.filter(subject=subject, name__startswith=facts):
        emptied = {key: "" if key in parts else value for key, value in event.payload.items()}
        Event.objects.filter(pk=event.pk).update(payload=emptied)
