-- stock.not_negative
-- No stock counter is negative.
SELECT id AS level, reported_quantity, safety_stock, reserved, allocated_outstanding
FROM suppliers_stocklevel
WHERE least(reported_quantity, safety_stock, reserved, allocated_outstanding) < 0

-- stock.reserved_matches_reservations
-- The reserved quantity of a stock level is the sum of its active reservations.
SELECT l.id AS level, l.reserved, coalesce(r.total, 0) AS reservations
FROM suppliers_stocklevel l
LEFT JOIN (
    SELECT level_id, sum(quantity) AS total FROM orders_reservation
    WHERE status = 'active' GROUP BY level_id
) r ON r.level_id = l.id
WHERE l.reserved <> coalesce(r.total, 0)

-- stock.allocated_matches_allocations
-- The allocated quantity of a stock level is the sum of its unseen allocations.
SELECT l.id AS level, l.allocated_outstanding, coalesce(a.total, 0) AS allocations
FROM suppliers_stocklevel l
LEFT JOIN (
    SELECT level_id, sum(quantity) AS total FROM orders_allocation
    WHERE status = 'unseen' GROUP BY level_id
) a ON a.level_id = l.id
WHERE l.allocated_outstanding <> coalesce(a.total, 0)

-- stock.seen_has_evidence
-- An allocation marked as seen states how it was seen, with the stock movement if there is one.
SELECT id AS allocation, status, absorbed_by FROM orders_allocation
WHERE status IN ('seen', 'shipped')
  AND (absorbed_by = '' OR (absorbed_by IN ('order', 'shipment') AND absorbed_in_id IS NULL))

-- stock.drop_explained_once
-- A drop of the supplier's stock accounts for no more units than its size.
SELECT m.id AS movement, m.reported_delta, sum(a.quantity) AS claimed
FROM orders_allocation a JOIN suppliers_stockmovement m ON m.id = a.absorbed_in_id
WHERE a.absorbed_by IN ('order', 'shipment')
GROUP BY m.id HAVING sum(a.quantity) > -m.reported_delta

-- stock.unseen_has_reason
-- An allocation that stays unseen for more than an hour has a reason.
SELECT id AS allocation, status_since FROM orders_allocation
WHERE status = 'unseen' AND doubt = ''
  AND status_since < %(now)s - interval '1 hour'

-- stock.counters_match_movements
-- Every counter of a stock level is the sum of its movements.
SELECT l.id AS level, l.reported_quantity, m.reported, l.reserved, m.reserved AS held,
       l.allocated_outstanding, m.allocated
FROM suppliers_stocklevel l
LEFT JOIN (
    SELECT level_id, sum(reported_delta) AS reported, sum(reserved_delta) AS reserved,
           sum(allocated_delta) AS allocated
    FROM suppliers_stockmovement GROUP BY level_id
) m ON m.level_id = l.id
WHERE l.reported_quantity <> coalesce(m.reported, 0)
   OR l.reserved <> coalesce(m.reserved, 0)
   OR l.allocated_outstanding <> coalesce(m.allocated, 0)

-- stock.line_on_one_level
-- A line is reserved and allocated in full on the stock level that it is ordered from.
SELECT l.id AS line, l.level_id AS level, l.quantity, p.level_id AS promised_on,
       p.quantity AS promised
FROM orders_orderline l
JOIN (
    SELECT line_id, level_id, quantity, NULL::bigint AS ordered_on
    FROM orders_reservation
    UNION ALL
    SELECT a.line_id, a.level_id, a.quantity, coalesce(pl.level_id, sl.level_id)
    FROM orders_allocation a
    LEFT JOIN orders_purchaseline pl ON pl.order_line_id = a.line_id AND pl.is_active
    LEFT JOIN orders_backorderline sl ON sl.order_line_id = a.line_id AND sl.is_open
    WHERE a.status <> 'released'
) p ON p.line_id = l.id
WHERE p.quantity <> l.quantity
   OR p.level_id <> coalesce(p.ordered_on, l.level_id)

-- stock.network_limits
-- No network exceeds the limits of unpaid orders and reserved units.
SELECT o.network, count(DISTINCT o.id) AS orders, sum(r.quantity) AS units
FROM orders_order o
JOIN orders_orderline l ON l.order_id = o.id
JOIN orders_reservation r ON r.line_id = l.id AND r.status = 'active'
WHERE o.status = 'pending_payment' AND o.network <> ''
GROUP BY o.network
HAVING count(DISTINCT o.id) > ${max_open}
    OR (count(DISTINCT o.id) > 1 AND sum(r.quantity) > ${max_units})

-- stock.reserved_until_paid
-- Unpaid orders have reservations; paid orders have allocations.
SELECT o.number, o.status, l.id AS line, r.status AS reservation,
       a.status AS allocation
FROM orders_orderline l
JOIN orders_order o ON o.id = l.order_id
LEFT JOIN orders_reservation r ON r.line_id = l.id
LEFT JOIN orders_allocation a ON a.line_id = l.id
WHERE (o.status = 'pending_payment'
       AND (r.status IS DISTINCT FROM 'active' OR a.id IS NOT NULL))
   OR (o.status IN ('placed', 'processing', 'completed')
       AND (r.status IS DISTINCT FROM 'converted' OR a.id IS NULL))
   OR (o.status IN ('expired', 'canceled')
       AND (r.status = 'active' OR a.status IN ('unseen', 'seen')))
