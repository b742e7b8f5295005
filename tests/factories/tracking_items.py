"""Inbox items of tracking: a rejected number, and a provider that does not respond."""

from datetime import timedelta

from shipping.models import Parcel, TrackingProvider, TrackingRegistration
from tests.factories.suppliers import NOON


def reject_number():
    parcel = Parcel.objects.filter(status="shipped").exclude(number="").first()
    TrackingRegistration.objects.create(
        parcel=parcel, number=parcel.number, problem="17TRACK -18019903: Carrier cannot be detected"
    )


TRACKING_ITEMS = {
    "tracking_number_rejected": reject_number,
    "tracking_provider_failing": lambda: TrackingProvider.objects.create(
        code="17track",
        problem="POST /track/v2.4/register: HTTP 500",
        problem_since=NOON - timedelta(hours=1),
    ),
}
