"""Parcel invariants: check that each event counts once and statuses match the newest event."""

from shipping.shipments.event_sources import SAME_SCAN
from storefront.dashboard.invariants.invariant import read_invariants

# As shipping.shipments.event_sources.drop_superseded, then shipping.shipments.statuses.latest:
# delivered is final, then by the carrier's time, then by rank. Events about a former number do not
# count.
_RANKS = (
    "ARRAY['unknown', 'pre_transit', 'in_transit', 'out_for_delivery', 'attempt_failed',"
    " 'available_for_pickup', 'exception', 'expired', 'return_to_sender', 'lost', 'delivered']"
)
_SAME_SCAN_S = int(SAME_SCAN.total_seconds())
_LATEST_EVENTS = f"""
    SELECT DISTINCT ON (e.parcel_id) e.parcel_id, e.carrier_status FROM shipping_trackingevent e
    JOIN shipping_parcel own ON own.id = e.parcel_id
    WHERE e.carrier_status <> 'unknown' AND e.number IN ('', own.number, own.last_mile_number)
    AND NOT (e.source = 'provider' AND EXISTS (
        SELECT 1 FROM shipping_trackingevent r
        WHERE r.parcel_id = e.parcel_id AND r.source = 'supplier'
        AND r.number IN ('', own.number, own.last_mile_number) AND CASE
            WHEN e.carrier_status IN ('delivered', 'return_to_sender', 'lost')
            THEN r.carrier_status = e.carrier_status
            ELSE abs(extract(epoch FROM r.happened_at - e.happened_at)) <= {_SAME_SCAN_S}
                 AND (r.carrier_status = e.carrier_status
                      OR r.carrier_status NOT IN ('unknown', 'pre_transit', 'expired'))
            END))
    ORDER BY e.parcel_id, (e.carrier_status = 'delivered') DESC, e.happened_at DESC NULLS LAST,
             array_position({_RANKS}, e.carrier_status::text) DESC
"""  # noqa: S608 - made of constants

PARCELS = read_invariants("parcels", latest_events=_LATEST_EVENTS)
