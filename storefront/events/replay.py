"""Replay: send recorded events to a subscription again, one by one or from a moment or cursor."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from storefront.events.models import PublicEvent, WebhookDelivery, WebhookSubscription

MAX_EVENTS = 10_000  # of one replay; the result says where the next begins
Status = WebhookDelivery.Status


def replay_delivery(*, delivery: WebhookDelivery, now: datetime) -> bool:
    """Send a delivery again that has ended, with the same event id; return whether it had ended."""
    return bool(_requeue([delivery.pk], now))


def replay_failed(*, subscription: WebhookSubscription, now: datetime) -> int:
    """Send all failed deliveries of a subscription again; return how many."""
    failed = WebhookDelivery.objects.filter(subscription=subscription, status=Status.FAILED)
    return failed.update(status=Status.PENDING, attempts=0, due_at=now)


@transaction.atomic(durable=True)
def replay_since(
    *,
    subscription: WebhookSubscription,
    since: datetime | None = None,
    after: int = 0,
    now: datetime,
) -> tuple[int, int]:
    """Send the events after a moment or a sequence number, also those that were never queued.

    Returns how many events are sent, and the sequence of the last; the caller goes on from there.
    An event that is still waiting is not queued twice.
    """
    events = _events_after(subscription, after)
    if since is not None:
        events = events.filter(published_at__gte=since)
    chosen = list(events.order_by("pk").values_list("pk", "subject")[:MAX_EVENTS])
    if not chosen:
        return 0, after
    ids = [pk for pk, _subject in chosen]
    known = WebhookDelivery.objects.filter(subscription=subscription, event__in=ids)
    again = _requeue(list(known.values_list("pk", flat=True)), now)
    has_row = set(known.values_list("event", flat=True))
    new = [
        WebhookDelivery(subscription=subscription, event_id=pk, subject=subject, due_at=now)
        for pk, subject in chosen
        if pk not in has_row
    ]
    WebhookDelivery.objects.bulk_create(new, ignore_conflicts=True)
    return again + len(new), ids[-1]


def has_more(*, subscription: WebhookSubscription, after: int) -> bool:
    """Return whether ``replay_since`` would find events after a sequence number."""
    return _events_after(subscription, after).exists()


def _events_after(subscription: WebhookSubscription, after: int) -> QuerySet[PublicEvent]:
    events = PublicEvent.objects.filter(pk__gt=after).exclude(subject__startswith="subscription:")
    return events.filter(type__in=subscription.types) if subscription.types else events


def _requeue(ids: list[int], now: datetime) -> int:
    ended = WebhookDelivery.objects.filter(pk__in=ids).exclude(status=Status.PENDING)
    return ended.update(status=Status.PENDING, attempts=0, due_at=now)
