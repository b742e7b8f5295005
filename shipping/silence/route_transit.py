"""Route transit: measure how long carriers need on each route, read it for the parcels of an order."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from orders.models import PurchaseOrder
from shipping.models import Parcel, RouteTransit
from shipping.shipments.statuses import WITH_CARRIER
from shipping.silence.rules import ROUTE, SOURCE

# Deliveries that count, and how many a route needs.
WINDOW = timedelta(days=180)
MIN_PARCELS = 20

_MEASURE = f"""
INSERT INTO shipping_routetransit AS t
    (carrier, origin, destination, min_days, max_days, parcels, measured_at)
SELECT carrier, origin, destination,
       floor(percentile_cont(0.1) WITHIN GROUP (ORDER BY days)),
       ceil(percentile_cont(0.9) WITHIN GROUP (ORDER BY days)), count(*), %(now)s
FROM (
    SELECT {ROUTE}, extract(epoch FROM x.carrier_status_at - departed.at) / 86400 AS days
    FROM {SOURCE}
    CROSS JOIN LATERAL (
        SELECT min(e.happened_at) AS at FROM shipping_trackingevent e
        WHERE e.parcel_id = x.id AND e.number IN ('', x.number, x.last_mile_number)
          AND e.carrier_status = ANY(%(with_carrier)s)
    ) departed
    WHERE x.status = 'delivered' AND x.carrier_status = 'delivered'
      AND x.carrier_status_at > %(since)s AND departed.at < x.carrier_status_at
) delivered
GROUP BY carrier, origin, destination HAVING count(*) >= %(least)s
ON CONFLICT (carrier, origin, destination) DO UPDATE
SET min_days = excluded.min_days, max_days = excluded.max_days, parcels = excluded.parcels,
    measured_at = excluded.measured_at
"""  # noqa: S608 - made of constants


@transaction.atomic(durable=True)
def measure_routes(*, now: datetime) -> None:
    """Measure all routes with enough recent deliveries, and forget the others."""
    known: dict[str, Any] = {
        "now": now,
        "since": now - WINDOW,
        "least": MIN_PARCELS,
        "with_carrier": sorted(WITH_CARRIER),
    }
    with connection.cursor() as cursor:
        cursor.execute(_MEASURE, known)
    RouteTransit.objects.filter(measured_at__lt=now).delete()


def transits_of(
    parcels: Iterable[tuple[Parcel, PurchaseOrder]],
) -> Mapping[int, RouteTransit]:
    """Return the observed transit of each parcel on its way whose route has one; one statement."""
    routes = {
        parcel.pk: (parcel.carrier, str(purchase.entry.get("country", "")), destination)
        for parcel, purchase in parcels
        if parcel.status == Parcel.Status.SHIPPED
        for destination in [purchase.goes_to["country"]]
    }
    if not routes:
        return {}
    rows = RouteTransit.objects.filter(
        carrier__in={carrier for carrier, *_ in routes.values()},
        destination__in={destination for *_, destination in routes.values()},
    )
    found = {(row.carrier, row.origin, row.destination): row for row in rows}
    return {pk: found[route] for pk, route in routes.items() if route in found}
