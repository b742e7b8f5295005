"""Parcel invariants: check that each event counts once and statuses match the newest event."""

from storefront.dashboard.invariants.invariant import read_invariants

# As shipping.shipments.statuses.latest: delivered is final, then by the carrier's time, then by
# rank.
_RANKS = (
    "ARRAY['unknown', 'pre_transit', 'in_transit', 'out_for_delivery', 'attempt_failed',"
    " 'available_for_pickup', 'exception', 'expired', 'return_to_sender', 'lost', 'delivered']"
)
_LATEST_EVENTS = f"""
    SELECT DISTINCT ON (parcel_id) parcel_id, carrier_status FROM shipping_trackingevent
    WHERE carrier_status <> 'unknown'
    ORDER BY parcel_id, (carrier_status = 'delivered') DESC, happened_at DESC NULLS LAST,
             array_position({_RANKS}, carrier_status::text) DESC
"""  # noqa: S608 - made of constants

PARCELS = read_invariants("parcels", latest_events=_LATEST_EVENTS)
