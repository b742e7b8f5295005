-- parcels.webhook_once
-- Each incoming webhook is stored once.
SELECT source, external_id, count(*) AS calls FROM hooks_inboundwebhook
GROUP BY source, external_id HAVING count(*) > 1

-- parcels.status_matches_events
-- The carrier status of a parcel follows from all its tracking events.
SELECT p.carrier, p.number, p.carrier_status, last.carrier_status AS latest_status
FROM shipping_parcel p
JOIN (${latest_events}) last ON last.parcel_id = p.id
WHERE p.carrier_status <> last.carrier_status

-- parcels.not_behind_events
-- No parcel status is behind its tracking events: a parcel in transit is shipped, for example. Staff
-- may mark a parcel lost or returned although the carrier reports its delivery.
SELECT p.carrier, p.number, p.status, last.carrier_status AS latest_status
FROM shipping_parcel p
JOIN (${latest_events}) last ON last.parcel_id = p.id
WHERE (last.carrier_status = 'delivered' AND p.status NOT IN ('delivered', 'lost', 'returned'))
   OR (p.status IN ('label_created', 'voided') AND EXISTS (
       SELECT 1 FROM shipping_trackingevent e WHERE e.parcel_id = p.id
       AND e.number IN ('', p.number, p.last_mile_number)
       AND e.carrier_status NOT IN ('unknown', 'pre_transit', 'expired')))

-- parcels.tracking_number_once
-- Each tracking number of a carrier belongs to one parcel.
SELECT carrier, number, count(*) AS parcels FROM shipping_parcel
WHERE number <> ''
GROUP BY carrier, number HAVING count(*) > 1

-- parcels.own_lines
-- A parcel contains lines of its own purchase order only.
SELECT p.carrier, p.number, pl.order_line_id AS line
FROM shipping_parcelline pl
JOIN shipping_parcel p ON p.id = pl.parcel_id
JOIN shipping_shipment s ON s.id = p.shipment_id
WHERE NOT EXISTS (
    SELECT 1 FROM orders_purchaseline x
    WHERE x.purchase_order_id = s.purchase_order_id
      AND x.order_line_id = pl.order_line_id)

-- parcels.quantities_match
-- The shipped and delivered quantities of a line equal those in its shipped parcels.
SELECT l.id AS line, l.shipped_quantity, l.delivered_quantity,
       coalesce(p.shipped, 0) AS in_parcels, coalesce(p.delivered, 0) AS arrived
FROM orders_orderline l
LEFT JOIN (
    SELECT pl.order_line_id,
           sum(pl.quantity) FILTER (
               WHERE p.status IN ('shipped', 'delivered', 'lost', 'returned')) AS shipped,
           sum(pl.quantity) FILTER (WHERE p.status = 'delivered') AS delivered
    FROM shipping_parcelline pl JOIN shipping_parcel p ON p.id = pl.parcel_id
    GROUP BY pl.order_line_id
) p ON p.order_line_id = l.id
WHERE l.shipped_quantity <> coalesce(p.shipped, 0)
   OR l.delivered_quantity <> coalesce(p.delivered, 0)

-- parcels.shipped_whole
-- A shipped or closed purchase order has all its units in parcels.
SELECT po.number, po.status FROM orders_purchaseorder po
JOIN orders_purchaseline pl ON pl.purchase_order_id = po.id AND pl.is_active
JOIN orders_orderline l ON l.id = pl.order_line_id
WHERE po.status IN ('shipped', 'closed')
GROUP BY po.id
HAVING bool_or(l.shipped_quantity + l.canceled_quantity < l.quantity)

-- parcels.settled_once
-- A refunded or replaced parcel has a return for all its units, which is refunded or exchanged.
SELECT p.carrier, p.number, p.resolution, a.number AS settlement, a.status AS settlement_status
FROM shipping_parcel p
LEFT JOIN orders_returnauthorization a ON a.id = p.settlement_id
WHERE p.resolution IN ('refunded', 'replaced') AND (
    a.id IS NULL OR a.request_key <> 'parcel:' || p.id
    OR a.status NOT IN ('refunded', 'exchanged')
    OR ARRAY(SELECT (order_line_id, quantity)::text FROM shipping_parcelline
             WHERE parcel_id = p.id ORDER BY 1)
       <> ARRAY(SELECT (order_line_id, quantity)::text FROM orders_returnline
                WHERE authorization_id = a.id ORDER BY 1))

-- parcels.purchase_order_ends
-- A shipped purchase order whose parcels all arrived or are resolved is closed.
SELECT po.number FROM orders_purchaseorder po
JOIN shipping_shipment s ON s.purchase_order_id = po.id
WHERE po.status = 'shipped' AND NOT EXISTS (
    SELECT 1 FROM shipping_parcel p WHERE p.shipment_id = s.id
      AND (p.is_content_unknown
           OR EXISTS (SELECT 1 FROM shipping_parcelline pl WHERE pl.parcel_id = p.id))
      AND p.status NOT IN ('delivered', 'voided')
      AND NOT (p.status IN ('lost', 'returned') AND p.resolution <> 'open'))
