"""Recording: record an event of an app above this one, in the transaction of its change.

Changes of orders, parcels, returns and listings are recorded by database triggers instead.
"""

from datetime import datetime
from typing import Any

from django.db.models import Q

from storefront.events.event_types import EventType, ObjectKind
from storefront.events.models import PendingEvent, WebhookSubscription
from storefront.lib.db.transactions import requires_transaction


@requires_transaction
def record_event(
    kind: EventType, *, about: ObjectKind, object_id: int, facts: dict[str, Any], at: datetime
) -> None:
    """Record an event; it is published within seconds of the commit."""
    PendingEvent.objects.create(
        type=kind, kind=about, object_id=object_id, facts=facts, occurred_at=at
    )


def is_wanted(kind: EventType) -> bool:
    """Return whether an active subscription wants a type that is recorded on demand only."""
    wanting = Q(types=[]) | Q(types__contains=[kind])
    return WebhookSubscription.objects.filter(wanting, status="active").exists()
