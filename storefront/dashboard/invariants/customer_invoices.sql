-- customer_invoices.shipped_is_invoiced
-- A charged order that shipped more than an hour ago has an invoice. Invoices are deleted after
-- eleven years.
SELECT o.number, min(po.status_since) AS shipped_at
FROM orders_purchaseorder po
JOIN orders_order o ON o.id = po.order_id
WHERE po.status IN ('partially_shipped', 'shipped', 'closed')
  AND po.status_since BETWEEN %(now)s - interval '10 years' AND %(now)s - interval '1 hour'
  AND EXISTS (
    SELECT 1 FROM orders_payment p WHERE p.order_id = o.id
    AND p.authorized_amount > p.refunded_amount
      + CASE p.status WHEN 'expired' THEN 0 ELSE p.voided_amount END)
  AND NOT EXISTS (
    SELECT 1 FROM orders_customerinvoice i WHERE i.order_id = o.id AND i.kind = 'invoice')
GROUP BY o.id

-- customer_invoices.match_charges
-- An invoice without its credit notes is what the customer is charged. A refund that failed, or
-- that the gateway rejected, is repeated by staff and needs no second credit note.
SELECT i.number, i.gross_amount, c.credited, e.charged, e.waiting
FROM orders_customerinvoice i
CROSS JOIN LATERAL (
    SELECT coalesce(sum(gross_amount), 0) AS credited
    FROM orders_customerinvoice WHERE corrects_id = i.id
) c
CROSS JOIN LATERAL (
    SELECT coalesce(sum(CASE e.kind WHEN 'authorized' THEN e.amount WHEN 'voided' THEN -e.amount
                        WHEN 'refunded' THEN -e.amount END), 0) AS charged,
           coalesce(sum(e.amount) FILTER (
               WHERE e.kind IN ('void_requested', 'refund_requested') AND NOT EXISTS (
                   SELECT 1 FROM orders_paymentevent a WHERE a.answers_id = e.id)), 0) AS waiting,
           bool_or(e.kind IN ('refund_failed', 'refused')) AS is_repeated
    FROM orders_paymentevent e JOIN orders_payment p ON p.id = e.payment_id
    WHERE p.order_id = i.order_id
) e
WHERE i.kind = 'invoice' AND NOT e.is_repeated
  AND i.gross_amount - c.credited NOT BETWEEN e.charged - e.waiting AND e.charged

-- customer_invoices.rows_add_up
-- The rows of an invoice and its totals by tax rate sum to its amounts.
SELECT i.number, i.gross_amount, i.tax_amount, r.gross AS rows_gross, r.tax AS rows_tax
FROM orders_customerinvoice i
CROSS JOIN LATERAL (
    SELECT sum((x->>'gross')::numeric) AS gross, sum((x->>'tax')::numeric) AS tax,
           sum((x->>'net')::numeric) AS net
    FROM jsonb_array_elements(i.content->'rows') x
) r
CROSS JOIN LATERAL (
    SELECT sum((x->>'gross')::numeric) AS gross, sum((x->>'tax')::numeric) AS tax
    FROM jsonb_array_elements(i.content->'totals') x
) t
WHERE (r.gross, r.tax, r.net, t.gross, t.tax)
   IS DISTINCT FROM (i.gross_amount, i.tax_amount, i.net_amount, i.gross_amount, i.tax_amount)

-- customer_invoices.numbers_consecutive
-- The numbers of a series have no gap and end with the last number given.
SELECT s.prefix, s.year, s.last_number, count(i.id) AS issued, max(i.sequence) AS last
FROM orders_invoiceseries s LEFT JOIN orders_customerinvoice i ON i.series_id = s.id
WHERE s.year >= extract(year FROM %(now)s::timestamptz) - 9
GROUP BY s.id
HAVING count(i.id) <> s.last_number OR max(i.sequence) <> s.last_number

-- customer_invoices.published
-- An invoice has its PDF, and the customer's e-mail is recorded, within an hour.
SELECT number, issued_at FROM orders_customerinvoice
WHERE file = '' AND issued_at < %(now)s - interval '1 hour'
