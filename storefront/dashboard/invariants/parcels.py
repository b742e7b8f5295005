"""Parcel invariants: check that each event counts once and statuses match the newest event."""

from shipping.shipments.event_sources import SAME_SCAN
from storefront.dashboard.invariants.invariant import read_invariants

# As shipping.shipments.event_sources.counted, then shipping.shipments.statuses.latest: delivered is
# final, then by the carrier's time, then by rank.
_RANKS = (
    "ARRAY['unknown', 'pre_transit', 'in_transit', 'out_for_delivery', 'attempt_failed',"
    " 'available_for_pickup', 'exception', 'expired', 'return_to_sender', 'lost', 'delivered']"
)
_SAME_SCAN_S = int(SAME_SCAN.total_seconds())
_LATEST_EVENTS = f"""
    SELECT DISTINCT ON (parcel_id) parcel_id, carrier_status FROM shipping_trackingevent e
    WHERE carrier_status <> 'unknown' AND NOT (source = 'provider' AND EXISTS (
        SELECT 1 FROM shipping_trackingevent r
        WHERE r.parcel_id = e.parcel_id AND r.source = 'supplier' AND CASE
            WHEN e.carrier_status IN ('delivered', 'return_to_sender', 'lost')
            THEN r.carrier_status = e.carrier_status
            ELSE abs(extract(epoch FROM r.happened_at - e.happened_at)) <= {_SAME_SCAN_S}
                 AND (r.carrier_status = e.carrier_status
                      OR r.carrier_status NOT IN ('unknown', 'pre_transit', 'expired'))
            END))
    ORDER BY parcel_id, (carrier_status = 'delivered') DESC, happened_at DESC NULLS LAST,
             array_position({_RANKS}, carrier_status::text) DESC
"""  # noqa: S608 - made of constants

PARCELS = read_invariants("parcels", latest_events=_LATEST_EVENTS)
