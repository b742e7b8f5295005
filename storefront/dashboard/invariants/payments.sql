-- payments.order_total
-- An order's total is subtotal + delivery - discount + tax that is not included in prices.
SELECT number, subtotal_amount, delivery_amount, discount_amount, additional_tax_amount,
       total_amount
FROM orders_order
WHERE total_amount
   <> subtotal_amount + delivery_amount - discount_amount + additional_tax_amount

-- payments.order_subtotal
-- An order's subtotal is the sum of its lines, each unit price x quantity.
SELECT o.number, o.subtotal_amount, sum(l.line_amount) AS lines
FROM orders_order o LEFT JOIN orders_orderline l ON l.order_id = o.id
GROUP BY o.id
HAVING o.subtotal_amount <> coalesce(sum(l.line_amount), 0)
    OR bool_or(l.line_amount <> l.unit_amount * l.quantity)

-- payments.total_matches_parts
-- An order's total is the sum of the charges for its lines and deliveries.
SELECT o.number, o.total_amount, l.charged, w.charged AS ways
FROM orders_order o
CROSS JOIN LATERAL (
    SELECT coalesce(sum(line_amount - discount_amount + additional_tax_amount), 0) AS charged
    FROM orders_orderline WHERE order_id = o.id
) l
CROSS JOIN LATERAL (
    SELECT coalesce(sum((entry->>'amount')::numeric), 0) AS charged
    FROM jsonb_array_elements(o.delivery_plan) entry
) w
WHERE o.total_amount <> l.charged + w.charged

-- payments.discount_matches_redemptions
-- An order's discount is the sum of its promotions, unless it was discounted elsewhere.
SELECT o.number, o.discount_amount, coalesce(sum(r.amount), 0) AS redeemed
FROM orders_order o LEFT JOIN orders_redemption r ON r.order_id = o.id
WHERE o.external_reference = ''
GROUP BY o.id HAVING o.discount_amount <> coalesce(sum(r.amount), 0)

-- payments.promotion_uses
-- The use counter of a limited promotion or code equals its uses.
SELECT p.name, p.used, count(r.id) AS redemptions
FROM orders_promotion p
LEFT JOIN orders_redemption r ON r.promotion_id = p.id AND r.reverted_at IS NULL
WHERE p.usage_limit IS NOT NULL
GROUP BY p.id HAVING p.used <> count(r.id)

-- payments.totals_match_events
-- A payment's amounts are the sums of its transactions.
SELECT p.key, p.authorized_amount, e.authorized, p.captured_amount, e.captured,
       p.voided_amount, e.voided, p.refunded_amount, e.refunded
FROM orders_payment p
LEFT JOIN (
    SELECT payment_id,
           coalesce(sum(amount) FILTER (WHERE kind = 'authorized'), 0) AS authorized,
           coalesce(sum(amount) FILTER (WHERE kind = 'captured'), 0) AS captured,
           coalesce(sum(amount) FILTER (WHERE kind = 'voided'), 0) AS voided,
           bool_or(kind = 'expired') AS is_expired,
           coalesce(sum(amount) FILTER (WHERE kind = 'refunded'), 0)
           - coalesce(sum(amount) FILTER (WHERE kind = 'refund_failed'), 0) AS refunded
    FROM orders_paymentevent GROUP BY payment_id
) e ON e.payment_id = p.id
WHERE p.authorized_amount <> coalesce(e.authorized, 0)
   OR p.captured_amount <> coalesce(e.captured, 0)
   OR p.voided_amount <> CASE WHEN e.is_expired
      THEN e.authorized - e.captured ELSE coalesce(e.voided, 0) END
   OR p.refunded_amount <> coalesce(e.refunded, 0)

-- payments.within_authorization
-- No payment is captured above its authorization or refunded above its capture.
SELECT key, authorized_amount, captured_amount, voided_amount, refunded_amount
FROM orders_payment
WHERE captured_amount + voided_amount > authorized_amount
   OR refunded_amount > captured_amount

-- payments.captured_for_accepted
-- The captured amount is for purchase orders that a supplier confirmed, or may have received when
-- the authorization was about to expire; or it was captured at the sale, before the order came.
SELECT o.number, p.captured, coalesce(a.accepted, 0) AS accepted
FROM orders_order o
JOIN (
    SELECT order_id, sum(captured_amount) AS captured
    FROM orders_payment WHERE capture_mode <> 'at_sale' GROUP BY order_id
) p ON p.order_id = o.id
LEFT JOIN (
    SELECT po.order_id, sum(po.customer_charge_amount) AS accepted
    FROM orders_purchaseorder po WHERE po.accepted_at IS NOT NULL OR EXISTS (
        SELECT 1 FROM orders_paymentevent e
        JOIN orders_payment p ON p.id = e.payment_id
        WHERE p.order_id = po.order_id AND e.kind = 'capture_requested'
          AND e.external_id = 'capture:' || po.number
          AND e.received_at >= p.capture_before - interval '12 hours')
    GROUP BY po.order_id
) a ON a.order_id = o.id
WHERE p.captured > coalesce(a.accepted, 0)

-- payments.accepted_is_charged
-- Each purchase order that was confirmed before it was canceled has a capture request for its
-- charge, to the cent, unless it was captured at the sale.
SELECT po.number, po.customer_charge_amount, e.amount AS requested
FROM orders_purchaseorder po
JOIN orders_payment p ON p.order_id = po.order_id
 AND p.authorized_amount > 0 AND p.status <> 'voided' AND p.capture_mode <> 'at_sale'
LEFT JOIN orders_paymentevent e ON e.payment_id = p.id
 AND e.kind = 'capture_requested' AND e.external_id = 'capture:' || po.number
WHERE po.accepted_at IS NOT NULL AND e.amount IS DISTINCT FROM po.customer_charge_amount
  AND NOT (po.customer_charge_amount = 0 AND e.id IS NULL)
  AND NOT (po.status = 'canceled' AND e.id IS NULL)

-- payments.charge_within_total
-- Purchase orders charge no more than the order total, in the order's currency.
SELECT o.number, o.total_amount, sum(po.customer_charge_amount) AS charged
FROM orders_order o
JOIN orders_purchaseorder po ON po.order_id = o.id
GROUP BY o.id
HAVING sum(po.customer_charge_amount) FILTER (WHERE po.status <> 'canceled') > o.total_amount
    OR bool_or(po.currency <> o.currency)

-- payments.canceled_is_refunded
-- The full payment of a canceled order is released or refunded, or a request for that exists.
SELECT o.number, p.key, p.authorized_amount, e.given AS asked_back
FROM orders_order o
JOIN orders_payment p ON p.order_id = o.id
LEFT JOIN (
    SELECT payment_id, sum(amount) AS given FROM orders_paymentevent
    WHERE kind IN ('void_requested', 'refund_requested') GROUP BY payment_id
) e ON e.payment_id = p.id
WHERE o.status IN ('canceled', 'expired') AND p.status <> 'expired'
  AND p.authorized_amount > greatest(
      coalesce(e.given, 0), p.voided_amount + p.refunded_amount)

-- payments.submitted_is_paid
-- Only an order with an authorized payment goes to a supplier, or a free replacement order of a
-- return.
SELECT o.number, o.status FROM orders_order o
WHERE o.status IN ('placed', 'processing', 'completed') AND NOT EXISTS (
    SELECT 1 FROM orders_payment p
    WHERE p.order_id = o.id AND p.authorized_amount > 0
      AND p.currency = o.currency)
AND NOT (o.total_amount = 0 AND EXISTS (
    SELECT 1 FROM orders_returnauthorization a WHERE a.replacement_id = o.id))

-- payments.days_reconciled
-- Each day with transactions is reconciled within two days or closed by staff, from the first
-- reconciled day on.
SELECT e.received_at::date AS day, count(*) AS events, min(d.problem) AS problem
FROM orders_paymentevent e
LEFT JOIN orders_reconciliationrun d
  ON e.received_at >= d.starts_at AND e.received_at < d.ends_at
WHERE e.received_at < %(now)s - interval '3 days'
  AND e.received_at >= coalesce((SELECT min(starts_at) FROM orders_reconciliationrun),
                                '-infinity')
  AND (d.id IS NULL OR d.status NOT IN ('reconciled', 'closed'))
GROUP BY e.received_at::date

-- payments.matched_invoices
-- A matched supplier invoice is for shipped items and has no discrepancies.
SELECT b.reference, b.match, b.number
FROM orders_supplierinvoice b
WHERE b.match = 'matched' AND b.withdrawn_at IS NULL
  AND (b.purchase_order_id IS NULL
       OR EXISTS (SELECT 1 FROM orders_purchaseline pl
                  JOIN orders_orderline l ON l.id = pl.order_line_id
                  WHERE pl.purchase_order_id = b.purchase_order_id AND pl.is_active
                    AND l.shipped_quantity < pl.quantity)
       OR EXISTS (SELECT 1 FROM orders_discrepancy d
                  WHERE d.supplier_invoice_id = b.id AND d.status = 'open'
                    AND d.status_since < %(now)s - interval '10 minutes'))

-- payments.supplier_payments_add_up
-- The paid amount of a supplier invoice is the sum of its payments that are not voided.
SELECT b.reference, b.paid_amount, p.amount AS payments
FROM orders_supplierinvoice b
LEFT JOIN (SELECT invoice_id, sum(amount) AS amount FROM orders_supplierpayment
           WHERE voided_at IS NULL GROUP BY invoice_id) p ON p.invoice_id = b.id
WHERE b.paid_amount <> coalesce(p.amount, 0)

-- payments.differences_seen
-- Each payment discrepancy was found on reconciled days, from its first day to its last.
SELECT x.key, x.status, x.first_day, x.last_day
FROM orders_discrepancy x
WHERE NOT EXISTS (SELECT 1 FROM orders_discrepancyobservation s
                  WHERE s.difference_id = x.id)
   OR EXISTS (SELECT 1 FROM orders_discrepancyobservation s
              JOIN orders_reconciliationrun d ON d.id = s.day_id
              WHERE s.difference_id = x.id AND d.day > x.last_day)
