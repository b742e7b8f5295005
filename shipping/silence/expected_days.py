"""Expected days: compute on which days a parcel should arrive, by what is known of it now.

The order page and the messages about silent parcels show the same days.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from orders.models import PurchaseOrder
from shipping.models import Parcel, RouteTransit, TrackingEvent
from shipping.rates import quotes
from shipping.shipments.event_sources import drop_superseded
from shipping.shipments.statuses import WITH_CARRIER
from storefront.lib.clock import time_zone_of

CarrierStatus = Parcel.CarrierStatus
# Nothing can be expected of such a parcel, or it waits for the customer.
UNPREDICTABLE = frozenset(
    {
        CarrierStatus.ATTEMPT_FAILED,
        CarrierStatus.EXCEPTION,
        CarrierStatus.RETURN_TO_SENDER,
        CarrierStatus.LOST,
        CarrierStatus.AVAILABLE_FOR_PICKUP,
    }
)


class Basis(StrEnum):
    """What the days follow from."""

    CARRIER = "carrier"  # it is out for delivery today
    ROUTE = "route"  # the observed transit time of the carrier on this route
    SERVICE = "service"  # the transit time of the shipping service


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedDays:
    """``usual``: the least and most days of transit, None if ``basis`` is the carrier."""

    first: date
    last: date
    basis: Basis
    usual: tuple[int, int] | None = None


def expected_days(  # noqa: PLR0913 - what is known of one parcel
    parcel: Parcel,
    purchase: PurchaseOrder,
    events: Sequence[TrackingEvent],
    *,
    country: str,
    transit: RouteTransit | None,
    now: datetime,
) -> ExpectedDays | None:
    """Return the days on which a parcel should arrive; None: nothing is known, or they passed.

    The day is today for a parcel that went out for delivery today. Else it is the observed transit
    time of its route, or that of its service, from the day when the carrier took it.
    """
    if parcel.status != Parcel.Status.SHIPPED or parcel.carrier_status in UNPREDICTABLE:
        return None
    zone = time_zone_of(country)
    today = now.astimezone(zone).date()
    if parcel.carrier_status == CarrierStatus.OUT_FOR_DELIVERY and parcel.carrier_status_at:
        if parcel.carrier_status_at.astimezone(zone).date() != today:
            return None
        return ExpectedDays(first=today, last=today, basis=Basis.CARRIER)
    usual, basis = _usual_days(purchase, transit, country=country, now=now)
    departed = min(
        (
            event.happened_at
            for event in drop_superseded(events)
            if event.happened_at and event.carrier_status in WITH_CARRIER
        ),
        default=None,
    )
    if departed is None or usual is None:
        return None
    day = departed.astimezone(zone).date()
    last = day + timedelta(days=usual[1])
    if last < today:
        return None
    first = max(day + timedelta(days=usual[0]), min(today, last))
    return ExpectedDays(first=first, last=last, basis=basis, usual=usual)


def _usual_days(
    purchase: PurchaseOrder, transit: RouteTransit | None, *, country: str, now: datetime
) -> tuple[tuple[int, int] | None, Basis]:
    """Return the least and most days of transit, and whether they were observed."""
    if transit is not None:
        return (transit.min_days, transit.max_days), Basis.ROUTE
    services = quotes.routes_from(
        purchase.location_id, country=country, currency=purchase.order.currency, now=now
    )
    promised = [
        (service.min_days, service.max_days)
        for service in services
        if service.code == purchase.service_code
    ]
    usual = (min(promised)[0], max(most for _, most in promised)) if promised else None
    return usual, Basis.SERVICE
