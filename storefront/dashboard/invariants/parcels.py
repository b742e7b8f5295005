"""Parcel invariants: check that each event counts once and statuses match the newest event."""

from storefront.dashboard.invariants.invariant import Invariant

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

PARCELS = (
    Invariant(
        code="parcels.webhook_once",
        sentence="Each incoming webhook is stored once.",
        sql="""
            SELECT source, external_id, count(*) AS calls FROM hooks_inboundwebhook
            GROUP BY source, external_id HAVING count(*) > 1
        """,
    ),
    Invariant(
        code="parcels.status_matches_events",
        sentence="The carrier status of a parcel follows from all its tracking events.",
        sql=f"""
            SELECT p.carrier, p.number, p.carrier_status, last.carrier_status AS latest_status
            FROM shipping_parcel p
            JOIN ({_LATEST_EVENTS}) last ON last.parcel_id = p.id
            WHERE p.carrier_status <> last.carrier_status
        """,  # noqa: S608 - made of constants
    ),
    Invariant(
        code="parcels.not_behind_events",
        sentence="No parcel status is behind its tracking events: a parcel in transit was handed"
        " over, and so on.",
        sql=f"""
            SELECT p.carrier, p.number, p.status, last.carrier_status AS latest_status
            FROM shipping_parcel p
            JOIN ({_LATEST_EVENTS}) last ON last.parcel_id = p.id
            WHERE (last.carrier_status = 'delivered' AND p.status <> 'delivered')
               OR (p.status = 'label_created' AND EXISTS (
                   SELECT 1 FROM shipping_trackingevent e WHERE e.parcel_id = p.id
                   AND e.carrier_status NOT IN ('unknown', 'pre_transit', 'expired')))
        """,  # noqa: S608 - made of constants
    ),
    Invariant(
        code="parcels.tracking_number_once",
        sentence="Each tracking number of a carrier belongs to one parcel.",
        sql="""
            SELECT carrier, number, count(*) AS parcels FROM shipping_parcel
            WHERE number <> ''
            GROUP BY carrier, number HAVING count(*) > 1
        """,
    ),
    Invariant(
        code="parcels.own_lines",
        sentence="A parcel contains lines of its own purchase order only.",
        sql="""
            SELECT p.carrier, p.number, pl.order_line_id AS line
            FROM shipping_parcelline pl
            JOIN shipping_parcel p ON p.id = pl.parcel_id
            JOIN shipping_shipment s ON s.id = p.shipment_id
            WHERE NOT EXISTS (
                SELECT 1 FROM orders_purchaseline x
                WHERE x.purchase_order_id = s.purchase_order_id
                  AND x.order_line_id = pl.order_line_id)
        """,
    ),
    Invariant(
        code="parcels.quantities_match",
        sentence="The shipped and delivered quantities of a line equal those in its shipped"
        " parcels.",
        sql="""
            SELECT l.id AS line, l.shipped_quantity, l.delivered_quantity,
                   coalesce(p.shipped, 0) AS in_parcels, coalesce(p.delivered, 0) AS arrived
            FROM orders_orderline l
            LEFT JOIN (
                SELECT pl.order_line_id,
                       sum(pl.quantity) FILTER (
                           WHERE p.status IN ('shipped', 'delivered')) AS shipped,
                       sum(pl.quantity) FILTER (WHERE p.status = 'delivered') AS delivered
                FROM shipping_parcelline pl JOIN shipping_parcel p ON p.id = pl.parcel_id
                GROUP BY pl.order_line_id
            ) p ON p.order_line_id = l.id
            WHERE l.shipped_quantity <> coalesce(p.shipped, 0)
               OR l.delivered_quantity <> coalesce(p.delivered, 0)
        """,
    ),
    Invariant(
        code="parcels.shipped_whole",
        sentence="A shipped or closed purchase order has all its units in parcels.",
        sql="""
            SELECT po.number, po.status FROM orders_purchaseorder po
            JOIN orders_purchaseline pl ON pl.purchase_order_id = po.id AND pl.is_active
            JOIN orders_orderline l ON l.id = pl.order_line_id
            WHERE po.status IN ('shipped', 'closed')
            GROUP BY po.id
            HAVING bool_or(l.shipped_quantity + l.canceled_quantity < l.quantity)
        """,
    ),
)
