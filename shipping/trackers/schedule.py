"""Poll schedule: decide when a registered parcel is polled next. Webhooks bring most news sooner."""

from datetime import datetime, timedelta

from shipping.models import TrackingRegistration

POLL_AFTER_NEWS = timedelta(hours=4)
MAX_POLL_INTERVAL = timedelta(days=2)
# The provider stops too: a parcel without news for so long has no carrier that reports it.
GIVE_UP_AFTER = timedelta(days=90)
MAX_DOUBLINGS = 10


def next_poll(row: TrackingRegistration, *, now: datetime) -> datetime | None:
    """Return the next poll: later after each poll without news, None after months without any."""
    last_news = row.changed_at or row.registered_at or now
    if now - last_news > GIVE_UP_AFTER:
        return None
    return now + min(POLL_AFTER_NEWS * int(2**row.quiet_polls), MAX_POLL_INTERVAL)
