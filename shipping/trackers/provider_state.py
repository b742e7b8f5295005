"""Provider state: record answers and failures of the tracking provider, spend its daily budget."""

from datetime import UTC, datetime

from django.conf import settings
from django.db.models import Case, F, Q, Value, When

from shipping.models import TrackingProvider
from storefront.lib.http.errors import ExternalServiceError


def spend_call(code: str, *, now: datetime) -> bool:
    """Count one call; return False if the budget of the day, in UTC, is used up."""
    today = now.astimezone(UTC).date()
    is_today = Q(calls_on=today)
    row = TrackingProvider.objects.get_or_create(code=code)[0]
    return bool(
        TrackingProvider.objects.filter(pk=row.pk)
        .filter(~is_today | Q(calls_on=None) | Q(calls__lt=settings.TRACKING_CALLS_PER_DAY))
        .update(calls=Case(When(is_today, then=F("calls") + 1), default=Value(1)), calls_on=today)
    )


def record_answer(code: str, *, now: datetime) -> None:
    TrackingProvider.objects.filter(code=code).update(
        answered_at=now, problem="", problem_since=None
    )


def clear_problems() -> None:
    """Forget the problems of providers that are no longer configured: no call will end them."""
    TrackingProvider.objects.exclude(problem="").update(problem="", problem_since=None)


def record_failure(code: str, error: ExternalServiceError | str, *, now: datetime) -> None:
    """Store why the provider could not be used; the start of the failures stays."""
    rows = TrackingProvider.objects.filter(code=code)
    text = str(error)[:300] or type(error).__name__
    rows.filter(problem="").update(problem_since=now, problem=text)
    rows.exclude(problem="").update(problem=text)


def record_webhook(code: str, *, now: datetime) -> None:
    row = TrackingProvider.objects.get_or_create(code=code)[0]
    TrackingProvider.objects.filter(pk=row.pk).update(webhook_at=now)
