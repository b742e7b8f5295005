-- returns.quantities_match
-- The returning and returned quantities of a line equal those of its returns.
SELECT l.id AS line, l.returning_quantity, l.returned_quantity,
       coalesce(r.open, 0) AS open_units, coalesce(r.ended, 0) AS ended
FROM orders_orderline l
LEFT JOIN (
    SELECT rl.order_line_id,
           sum(CASE WHEN a.status IN ('refunded', 'exchanged')
               THEN rl.accepted_quantity ELSE rl.quantity END) AS open,
           sum(rl.accepted_quantity) FILTER (
               WHERE a.status IN ('refunded', 'exchanged')) AS ended
    FROM orders_returnline rl
    JOIN orders_returnauthorization a ON a.id = rl.authorization_id
    WHERE a.status NOT IN ('rejected', 'refused', 'expired', 'canceled')
    GROUP BY rl.order_line_id
) r ON r.order_line_id = l.id
WHERE l.returning_quantity <> coalesce(r.open, 0)
   OR l.returned_quantity <> coalesce(r.ended, 0)

-- returns.not_more_than_shipped
-- No more units are returned than were shipped.
SELECT l.id AS line, l.shipped_quantity, l.returning_quantity
FROM orders_orderline l
WHERE l.returning_quantity > l.shipped_quantity

-- returns.own_lines
-- A return contains only lines of its own order and purchase order.
SELECT a.number, rl.order_line_id AS line
FROM orders_returnauthorization a
JOIN orders_purchaseorder po ON po.id = a.purchase_order_id
JOIN orders_returnline rl ON rl.authorization_id = a.id
WHERE po.order_id <> a.order_id OR NOT EXISTS (
    SELECT 1 FROM orders_purchaseline pl WHERE pl.purchase_order_id = po.id
    AND pl.order_line_id = rl.order_line_id)

-- returns.refund_within_paid
-- The refunds for returns of a line do not exceed what the customer paid for it.
SELECT l.id AS line, sum(rl.paid_amount) AS given,
       l.line_amount - l.discount_amount + l.additional_tax_amount AS charged
FROM orders_returnline rl JOIN orders_orderline l ON l.id = rl.order_line_id
GROUP BY l.id
HAVING sum(rl.paid_amount) > l.line_amount - l.discount_amount + l.additional_tax_amount

-- returns.amount_due
-- The refund due for a return is the share of its lines plus delivery, less deductions, replaced
-- items, price difference refunds and the return label that the customer pays.
SELECT a.number, a.due_amount, a.delivery_amount, a.label_amount,
       sum(rl.paid_amount - rl.deduction_amount - rl.replaced_amount
           - rl.difference_amount) AS goods
FROM orders_returnauthorization a
JOIN orders_returnline rl ON rl.authorization_id = a.id
WHERE a.status = 'refunded'
GROUP BY a.id
HAVING a.due_amount IS DISTINCT FROM
       sum(rl.paid_amount - rl.deduction_amount - rl.replaced_amount
           - rl.difference_amount)
       + a.delivery_amount - a.label_amount

-- returns.label_deducted
-- A deducted label was bought for the return, and is not more than the customer was told.
SELECT a.number, a.label_amount, l.charge_amount
FROM orders_returnauthorization a
LEFT JOIN orders_returnlabel l
       ON l.authorization_id = a.id AND l.status <> 'voided' AND l.payer = 'customer'
WHERE a.label_amount > coalesce(l.charge_amount, 0)

-- returns.refunded_once
-- Each refunded return has one refund request, to the cent, plus one for each return of its
-- replacements; other returns have none.
SELECT a.number, a.status, a.refund_amount, e.requested, e.again
FROM orders_returnauthorization a
LEFT JOIN LATERAL (
    SELECT sum(e.amount) AS requested,
           count(*) - count(DISTINCT named.number) AS again
    FROM (WITH RECURSIVE chain AS (
              SELECT a.number, a.replacement_id UNION
              SELECT w.number, w.replacement_id FROM chain
              JOIN orders_returnauthorization w
                ON w.order_id = chain.replacement_id AND w.status = 'refunded')
          SELECT number FROM chain) named
    JOIN orders_payment p ON p.order_id = a.order_id
    JOIN orders_paymentevent e ON e.payment_id = p.id AND e.kind = 'refund_requested'
     AND e.external_id = 'refund:' || p.key || ':return:' || named.number
) e ON true
WHERE a.refund_amount IS DISTINCT FROM
      CASE WHEN a.status = 'refunded' THEN coalesce(e.requested, 0) ELSE e.requested END
   OR e.again > 0

-- returns.replacement_refund_passed_on
-- If a replacement is returned for a refund, the return that it replaced is refunded too.
SELECT w.number, a.number AS came_for, a.status, a.replacement_id AS replacement
FROM orders_returnauthorization w
JOIN orders_returnauthorization a ON a.replacement_id = w.order_id
WHERE w.status = 'refunded' AND a.status <> 'refunded'

-- returns.replacement_refund_complete
-- If all items of a replacement were returned for a refund, no part of the original return stays
-- unrefunded because it was replaced.
SELECT a.number, o.number AS replacement, sum(rl.replaced_amount) AS replaced
FROM orders_returnauthorization a
JOIN orders_returnline rl ON rl.authorization_id = a.id
JOIN orders_order o ON o.id = a.replacement_id
WHERE a.status = 'refunded' AND (
    SELECT sum(l.quantity - l.canceled_quantity) FROM orders_orderline l
    WHERE l.order_id = o.id
) <= (
    SELECT coalesce(sum(back.accepted_quantity), 0)
    FROM orders_returnauthorization w
    JOIN orders_returnline back ON back.authorization_id = w.id
    -- A return that was itself exchanged counts once none of its items stay replaced.
    WHERE w.order_id = o.id AND w.status = 'refunded' AND (
        w.replacement_id IS NULL OR back.replaced_amount = 0
        AND back.paid_amount > back.deduction_amount + back.difference_amount)
)
GROUP BY a.id, o.id
HAVING sum(rl.replaced_amount) > 0

-- returns.difference_refunded_once
-- A price difference refund is requested once, to the cent, and equals the amount of its lines.
SELECT a.number, a.status, a.difference_amount, e.requested, e.count, rl.difference
FROM orders_returnauthorization a
LEFT JOIN LATERAL (
    SELECT sum(e.amount) AS requested, count(*) FROM orders_paymentevent e
    JOIN orders_payment p ON p.id = e.payment_id
    WHERE p.order_id = a.order_id AND e.kind = 'refund_requested'
      AND e.external_id = 'refund:' || p.key || ':exchange:' || a.number
) e ON true
LEFT JOIN LATERAL (
    SELECT sum(difference_amount) AS difference FROM orders_returnline
    WHERE authorization_id = a.id
) rl ON true
WHERE a.difference_amount <> coalesce(e.requested, 0) OR e.count > 1
   OR a.difference_amount <> coalesce(rl.difference, 0)

-- returns.replacement_matches
-- An exchanged return has a free replacement order with the same quantity.
SELECT a.number, a.status, o.number AS replacement, o.total_amount
FROM orders_returnauthorization a
LEFT JOIN orders_order o ON o.id = a.replacement_id
WHERE a.status = 'exchanged' AND o.id IS NULL
   OR o.id IS NOT NULL AND (
       a.status NOT IN ('exchanged', 'refunded') OR o.total_amount <> 0
       OR (SELECT sum(quantity) FROM orders_orderline WHERE order_id = o.id)
          <> (SELECT sum(accepted_quantity) FROM orders_returnline
              WHERE authorization_id = a.id))

-- returns.credit_once
-- No unit of a purchase order is credited twice, by a claim and by a return to the supplier.
SELECT pl.id AS purchase_line, pl.quantity, x.units
FROM orders_purchaseline pl
JOIN (
    SELECT purchase_line_id, sum(quantity) AS units FROM (
        SELECT cl.purchase_line_id, cl.quantity FROM orders_supplierclaimline cl
        JOIN orders_supplierclaim c ON c.id = cl.claim_id
        WHERE c.status NOT IN ('denied', 'canceled')
        UNION ALL
        SELECT ml.purchase_line_id, ml.quantity FROM orders_supplierreturnline ml
        JOIN orders_supplierreturn m ON m.id = ml.supplier_return_id
        WHERE m.status NOT IN ('denied', 'written_off')
    ) each GROUP BY purchase_line_id
) x ON x.purchase_line_id = pl.id
WHERE x.units > pl.quantity

-- returns.credit_amount
-- The expected credit of a return to the supplier is the cost of its lines less the fee.
SELECT m.number, m.expected_amount, m.fee_amount,
       coalesce(sum(ml.quantity * ml.unit_amount), 0) AS cost
FROM orders_supplierreturn m LEFT JOIN orders_supplierreturnline ml ON ml.supplier_return_id = m.id
GROUP BY m.id
HAVING coalesce(sum(ml.quantity * ml.unit_amount), 0)
    <> m.expected_amount + m.fee_amount
