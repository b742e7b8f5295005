-- purchase_orders.line_once
-- Each open line of a routed order is in full in one active purchase order, or backordered.
SELECT o.number, l.id AS line, l.quantity - l.canceled_quantity AS open,
       coalesce(sum(p.quantity), 0) AS ordered, count(p.line) AS places
FROM orders_orderline l
JOIN orders_order o ON o.id = l.order_id
LEFT JOIN (
    SELECT order_line_id AS line, quantity FROM orders_purchaseline WHERE is_active
    UNION ALL
    SELECT sl.order_line_id, ol.quantity
    FROM orders_backorderline sl
    JOIN orders_backorder s ON s.id = sl.backorder_id AND s.kind = 'refused'
    JOIN orders_orderline ol ON ol.id = sl.order_line_id
    WHERE sl.is_open
) p ON p.line = l.id
WHERE o.status IN ('processing', 'completed')
GROUP BY o.id, l.id
HAVING coalesce(sum(p.quantity), 0) <> l.quantity - l.canceled_quantity
    OR count(p.line) > 1

-- purchase_orders.paid_only
-- An unpaid, expired or canceled order has no active purchase order.
SELECT po.number, po.status, o.status AS order_status
FROM orders_purchaseorder po JOIN orders_order o ON o.id = po.order_id
WHERE po.status <> 'canceled'
  AND o.status IN ('pending_payment', 'expired', 'canceled')

-- purchase_orders.one_per_location
-- Each routing of an order has at most one active purchase order per supplier and location.
SELECT order_id, supplier_id, location_id, round, count(*) AS purchase_orders
FROM orders_purchaseorder WHERE status <> 'canceled'
GROUP BY order_id, supplier_id, location_id, round HAVING count(*) > 1

-- purchase_orders.own_lines
-- A purchase order contains only lines of its own order and its own stock location.
SELECT po.number, pl.id AS purchase_line, l.order_id, lv.location_id
FROM orders_purchaseline pl
JOIN orders_purchaseorder po ON po.id = pl.purchase_order_id
JOIN orders_orderline l ON l.id = pl.order_line_id
JOIN suppliers_stocklevel lv ON lv.id = pl.level_id
JOIN suppliers_stocklocation place ON place.id = lv.location_id
WHERE l.order_id <> po.order_id OR lv.location_id <> po.location_id
   OR place.supplier_id <> po.supplier_id OR lv.offer_id <> pl.offer_id

-- purchase_orders.live_lines
-- Lines are active while their purchase order is, unless they were rejected or canceled.
SELECT po.number, po.status, pl.id AS purchase_line, pl.is_active
FROM orders_purchaseline pl
JOIN orders_purchaseorder po ON po.id = pl.purchase_order_id
WHERE (pl.is_active AND po.status = 'canceled')
   OR (NOT pl.is_active AND po.status <> 'canceled' AND pl.acknowledgment NOT IN
       ('out_of_stock', 'discontinued', 'invalid_item', 'undeliverable',
        'rejected_other', 'canceled'))

-- purchase_orders.backorders_open
-- A backorder is open if and only if it has open lines.
SELECT s.id AS backorder, s.status, count(sl.id) AS lines
FROM orders_backorder s
LEFT JOIN orders_backorderline sl ON sl.backorder_id = s.id AND sl.is_open
GROUP BY s.id
HAVING (s.status IN ('open', 'asked')) <> (count(sl.id) > 0)

-- purchase_orders.backorders_end
-- A backorder, or a customer's choice about it, ends within an hour of its deadline.
SELECT s.id AS backorder, s.status, s.status_since, s.respond_by
FROM orders_backorder s JOIN orders_order o ON o.id = s.order_id
WHERE o.status = 'processing'
  AND (s.status = 'open' AND s.status_since < %(now)s - interval '1 hour'
       OR s.status = 'asked' AND s.respond_by < %(now)s - interval '1 hour')

-- purchase_orders.attempt_recorded_first
-- Each attempt to submit a purchase order was recorded before it was made.
SELECT po.number, po.submission_status, po.attempts, count(m.id) AS written
FROM orders_purchaseorder po
LEFT JOIN orders_purchasemessage m ON m.purchase_order_id = po.id
 AND m.direction = 'out' AND m.kind = 'place'
 AND EXISTS (
    SELECT FROM lib_statuschange c  -- a later status may have an earlier clock
    WHERE c.subject = 'orders.PurchaseOrder' AND c.subject_id = po.id
      AND c.status_field = 'submission_status' AND c.to_status = 'submitting' AND c.at = m.at)
GROUP BY po.id
HAVING count(m.id) <> po.attempts
    OR (po.submission_status <> 'unsubmitted' AND po.attempts = 0)

-- purchase_orders.submission_answered
-- A purchase order submission ends within 5 minutes, and its lookup within 30 minutes after the
-- rate limit allows it.
SELECT number, submission_status, submission_status_since, retry_at
FROM orders_purchaseorder
WHERE (submission_status = 'submitting'
       AND submission_status_since < %(now)s - interval '5 minutes')
   OR (submission_status = 'submit_unknown'
       AND greatest(submission_status_since, retry_at)
           < %(now)s - interval '30 minutes')

-- purchase_orders.submitted_in_time
-- A collected purchase order is submitted within 30 minutes of its scheduled time, if the supplier
-- answers.
SELECT po.number, po.status, po.submit_at, po.retry_at
FROM orders_purchaseorder po
JOIN orders_order o ON o.id = po.order_id AND o.status = 'processing'
WHERE po.submission_status = 'unsubmitted' AND po.status IN ('draft', 'ready')
  AND po.cancel_requested_at IS NULL
  AND greatest(po.submit_at, po.status_since, po.retry_at)
      < %(now)s - interval '30 minutes'
  AND po.submit_at IS NOT NULL
  AND NOT EXISTS (
      SELECT 1 FROM suppliers_circuitbreaker b
      JOIN suppliers_connection c ON c.id = b.connection_id
      WHERE c.supplier_id = po.supplier_id
        AND b.orders_blocked_until > now() - interval '30 minutes')

-- purchase_orders.accepted_before_shipped
-- A confirmed purchase order has a confirmation time; an unconfirmed one is not shipped.
SELECT number, status, submission_status, accepted_at FROM orders_purchaseorder
WHERE accepted_at IS NULL AND (submission_status = 'accepted'
      OR status IN ('in_progress', 'partially_shipped', 'shipped', 'closed'))

-- purchase_orders.canceled_but_shipped_decided
-- Staff decided about each canceled purchase order that the supplier still has or shipped.
SELECT po.number, po.status, po.submission_status, po.supplier_reference,
       ${shipped} AS is_shipped
FROM orders_purchaseorder po WHERE ${undecided}

-- purchase_orders.supplier_number_once
-- No two purchase orders have the same order number of one supplier.
SELECT supplier_id, supplier_reference, count(*) AS purchase_orders
FROM orders_purchaseorder WHERE supplier_reference <> ''
GROUP BY supplier_id, supplier_reference HAVING count(*) > 1
