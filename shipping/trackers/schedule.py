"""Poll schedule: decide when a registered parcel is polled next. Webhooks report most events sooner."""

from datetime import datetime, timedelta

from shipping.models import TrackingRegistration

POLL_AFTER_EVENT = timedelta(hours=4)
MAX_POLL_INTERVAL = timedelta(days=2)
# The provider stops too: a parcel without events for so long has no carrier that reports it.
GIVE_UP_AFTER = timedelta(days=90)
MAX_DOUBLINGS = 10


def next_poll(row: TrackingRegistration, *, now: datetime) -> datetime | None:
    """Return the next poll: later after each poll without new events, None after months without any."""
    last_event_at = row.changed_at or row.registered_at or now
    if now - last_event_at > GIVE_UP_AFTER:
        return None
    return now + min(POLL_AFTER_EVENT * int(2**row.quiet_polls), MAX_POLL_INTERVAL)
