-- claims.unit_once
-- No unit of a purchase order is claimed twice, unless the earlier claim was denied or canceled.
SELECT pl.purchase_order_id, pl.id AS purchase_line, pl.quantity AS ordered,
       sum(cl.quantity) AS claimed
FROM orders_supplierclaimline cl
JOIN orders_supplierclaim c ON c.id = cl.claim_id
JOIN orders_purchaseline pl ON pl.id = cl.purchase_line_id
WHERE c.status NOT IN ('denied', 'canceled')
GROUP BY pl.id HAVING sum(cl.quantity) > pl.quantity

-- claims.own_lines
-- A claim covers lines of its own purchase order, and its amount is their cost plus the claimed
-- freight.
SELECT c.number, c.expected_amount,
       coalesce(sum(cl.quantity * cl.unit_amount), 0) AS worth,
       count(*) FILTER (WHERE pl.purchase_order_id <> c.purchase_order_id) AS strange
FROM orders_supplierclaim c
LEFT JOIN orders_supplierclaimline cl ON cl.claim_id = c.id
LEFT JOIN orders_purchaseline pl ON pl.id = cl.purchase_line_id
GROUP BY c.id
HAVING coalesce(sum(cl.quantity * cl.unit_amount), 0) + c.freight_amount
       <> c.expected_amount
    OR count(*) FILTER (WHERE pl.purchase_order_id <> c.purchase_order_id) > 0

-- claims.freight_within_charge
-- The claimed freight of a purchase order does not exceed the freight that the supplier charged.
SELECT po.number, max(c.freight_paid_amount) AS paid, sum(c.freight_amount) AS claimed
FROM orders_supplierclaim c
JOIN orders_purchaseorder po ON po.id = c.purchase_order_id
WHERE c.status NOT IN ('denied', 'canceled')
GROUP BY po.id HAVING sum(c.freight_amount) > max(c.freight_paid_amount)

-- claims.credit_within_claim
-- Only staff record a credit above the claimed amount.
SELECT number, expected_amount, credited_amount FROM orders_supplierclaim
WHERE credited_amount > expected_amount AND recorded_by = ''

-- claims.submission_answered
-- A claim submission ends within 5 minutes, and its lookup within 30 minutes after the rate limit
-- allows it.
SELECT number, status, status_since, retry_at FROM orders_supplierclaim
WHERE (status = 'submitting' AND status_since < %(now)s - interval '5 minutes')
   OR (status = 'submit_unknown'
       AND greatest(status_since, retry_at) < %(now)s - interval '30 minutes')

-- claims.attempt_recorded_first
-- Each attempt to submit a claim was recorded before it was made.
SELECT c.number, c.status, c.attempts, count(m.id) AS written
FROM orders_supplierclaim c
LEFT JOIN orders_purchasemessage m ON m.purchase_order_id = c.purchase_order_id
 AND m.direction = 'out' AND m.kind = 'claim' AND m.body->>'number' = c.number
 AND m.at <= c.status_since
GROUP BY c.id HAVING count(m.id) <> c.attempts
