"""Public events of the inbox: announce each new case to webhook subscriptions that want it."""

from contextlib import suppress
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import override

from storefront.dashboard.inbox import query
from storefront.dashboard.inbox.query import InboxItem
from storefront.dashboard.models import AnnouncedCase
from storefront.events import recording
from storefront.events.event_types import EventType, ObjectKind

MAX_CASES = 1000  # of one rule


def announce_cases(*, now: datetime) -> int:
    """Record an event for each case that is new in the inbox; return how many.

    A case that left the inbox and came back is announced again. Without a subscription, nothing
    is read; a new one gets all waiting cases.
    """
    if not recording.is_wanted(EventType.ATTENTION_NEEDED):
        AnnouncedCase.objects.all().delete()
        return 0
    with override("en"):
        items = query.load_items(now=now, most=MAX_CASES, filters=query.ALL_ROWS)
    waiting = {_key(item): item for item in items}
    with suppress(IntegrityError):  # another worker is announcing them
        return _record(waiting, now)
    return 0


@transaction.atomic(durable=True)
def _record(waiting: dict[tuple[str, int], InboxItem], now: datetime) -> int:
    announced = {(row.cause, row.row): row.pk for row in AnnouncedCase.objects.all()}
    left = [pk for key, pk in announced.items() if key not in waiting]
    AnnouncedCase.objects.filter(pk__in=left).delete()
    new = [key for key in waiting if key not in announced]
    AnnouncedCase.objects.bulk_create(AnnouncedCase(cause=cause, row=row) for cause, row in new)
    for key in new:
        item = waiting[key]
        with override("en"):
            title = str(item.cause.sentence)
        recording.record_event(
            EventType.ATTENTION_NEEDED,
            about=ObjectKind.CASE,
            object_id=key[1],
            facts={
                "cause": item.cause.code,
                "title": title,
                "url": f"{settings.PUBLIC_URL}{item.url}",
                "since": (item.since or now).isoformat(),
            },
            at=now,
        )
    return len(new)


def _key(item: InboxItem) -> tuple[str, int]:
    """Return what identifies a case; a row that stands for several records has no id that stays."""
    return item.cause.code, 0 if item.cause.filters else item.row
