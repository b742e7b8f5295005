"""Dashboard tasks: check invariants, alert staff, refresh figures, store visits, record the inbox."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from storefront.dashboard.alerts import public_events, sending
from storefront.dashboard.figures import rollup, visits
from storefront.dashboard.inbox import query
from storefront.dashboard.inbox.history import recording
from storefront.dashboard.invariants import scheduled_check


@shared_task
def check_invariants(**_: Any) -> None:
    """Run all invariants and store the violations for the inbox."""
    scheduled_check.run(now=timezone.now())


@shared_task
def send_staff_alerts(**_: Any) -> None:
    """Tell staff and webhook subscriptions of new cases, and send the digests that are due."""
    now = timezone.now()
    public_events.announce_cases(now=now)
    sending.send_alerts(now=now)
    sending.send_digests(now=now)


@shared_task
def refresh_figures(**_: Any) -> None:
    """Count changed orders again, for the page Figures."""
    rollup.refresh(now=timezone.now())


@shared_task
def record_inbox(**_: Any) -> None:
    """Note which inbox rows are new and which are settled; let rules settle items."""
    # Imported here, because its actions load the pages of the admin: workers start without them.
    from storefront.dashboard.inbox.settling import running  # noqa: PLC0415

    now = timezone.now()
    recording.record(now=now)
    query.mark_recorded(now=now)
    running.run_all(now=now)


@shared_task
def store_visits(**_: Any) -> None:
    """Add the visits that were counted in Redis to their days, for the page Funnel."""
    visits.store(now=timezone.now())
