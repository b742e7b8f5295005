-- supplier_compliance.verified_by
-- A verified compliance document has a verifier and a time.
SELECT id AS document, criterion, verified_by, verified_at FROM suppliers_compliancedocument
WHERE status = 'verified' AND (verified_by = '' OR verified_at IS NULL)

-- supplier_compliance.lithium_reports_valid
-- Products with lithium batteries are not sold later than two hours after their last test report
-- expired.
SELECT o.supplier_id, o.supplier_sku, max(e.valid_until) AS ended
FROM suppliers_supplieroffer o
JOIN suppliers_supplier s ON s.id = o.supplier_id AND s.status = 'active'
JOIN catalog_variant v ON v.id = o.variant_id AND v.lithium <> 'none'
JOIN catalog_product p ON p.id = v.product_id
JOIN suppliers_compliancedocument e ON e.supplier_id = o.supplier_id
 AND e.criterion = 'un_38_3' AND e.status = 'verified'
 AND coalesce(e.brand_id, p.brand_id) = p.brand_id
 AND coalesce(e.product_id, p.id) = p.id
WHERE o.status = 'active' AND o.missing_certificates NOT LIKE '%%un_38_3%%'
GROUP BY o.id
HAVING bool_and(e.valid_until < (%(now)s - interval '2 hours')::date)

-- supplier_compliance.fact_once
-- Each scorecard fact about a supplier is recorded once.
SELECT supplier_id, kind, subject, count(*) AS facts FROM suppliers_scorecardfact
GROUP BY supplier_id, kind, subject HAVING count(*) > 1

-- supplier_compliance.scorecard_bounds
-- A scorecard value lies within its bounds, and its rate is good / sample.
SELECT supplier_id, measure, "on", sample, good, value, low, high
FROM suppliers_scorecard
WHERE value < low OR value > high OR good > sample
   OR abs(value - good::numeric / sample) > 0.0001

-- supplier_compliance.fact_subject_exists
-- A scorecard fact refers to an existing purchase order, line or parcel.
SELECT f.supplier_id, f.kind, f.subject FROM suppliers_scorecardfact f
WHERE (f.subject LIKE 'purchase_order:%%' AND NOT EXISTS (
        SELECT 1 FROM orders_purchaseorder po
        WHERE po.supplier_id = f.supplier_id
          AND 'purchase_order:' || po.number = f.subject))
   OR (f.subject LIKE 'line:%%' AND NOT EXISTS (
        SELECT 1 FROM orders_purchaseline pl WHERE 'line:' || pl.id = f.subject))
   OR (f.subject LIKE 'parcel:%%' AND NOT EXISTS (
        SELECT 1 FROM shipping_parcel pa WHERE 'parcel:' || pa.id = f.subject))
