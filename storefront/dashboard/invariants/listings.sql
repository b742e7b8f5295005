-- listings.one_sync_run
-- Each sync kind of a supplier has at most one running sync.
SELECT supplier_id, kind, count(*) AS runs FROM suppliers_syncrun
WHERE status IN ('fetching', 'parsed', 'staged')
GROUP BY supplier_id, kind HAVING count(*) > 1

-- listings.available_has_offer
-- A listing without an active offer is not shown as available.
SELECT v.sku, l.channel_id AS channel, l.available
FROM catalog_listing l JOIN catalog_variant v ON v.id = l.variant_id
WHERE l.available > 0 AND ${settled} AND NOT EXISTS (
    SELECT 1 FROM suppliers_supplieroffer o
    JOIN suppliers_supplier s ON s.id = o.supplier_id
    WHERE o.variant_id = v.id AND o.status = 'active' AND s.status = 'active'
      AND o.missing_certificates = '')

-- listings.reserved_from_fresh_stock
-- No reservation was made on outdated stock.
SELECT l.id AS level, r.id AS reservation, r.status_since AS held_at,
       l.as_of, p.stock_confirmed_at
FROM orders_reservation r
JOIN suppliers_stocklevel l ON l.id = r.level_id
JOIN suppliers_stocklocation p ON p.id = l.location_id
JOIN suppliers_supplier s ON s.id = p.supplier_id
WHERE r.status = 'active'
  AND CASE WHEN l.is_unconfirmed THEN l.as_of ELSE greatest(l.as_of, p.stock_confirmed_at) END
    < r.status_since - make_interval(mins => s.stock_expires_after_min)

-- listings.available_is_fresh
-- Stock that is shown as available was confirmed recently enough to sell.
SELECT v.sku, l.channel_id AS channel, l.available, l.as_of
FROM catalog_listing l JOIN catalog_variant v ON v.id = l.variant_id
WHERE l.available > 0 AND l.as_of > %(now)s - interval '1 day' AND ${settled}
  AND NOT EXISTS (
    SELECT 1 FROM suppliers_supplieroffer o
    JOIN suppliers_supplier s ON s.id = o.supplier_id
    JOIN suppliers_stocklevel k ON k.offer_id = o.id
    JOIN suppliers_stocklocation p ON p.id = k.location_id
    WHERE o.variant_id = v.id
      AND CASE WHEN k.is_unconfirmed THEN k.as_of ELSE greatest(k.as_of, p.stock_confirmed_at) END
        > %(now)s - make_interval(mins => s.stock_expires_after_min + 5))

-- listings.quarantine_changes_nothing
-- A quarantined or discarded sync run changed nothing.
SELECT id AS run, kind, status, created, updated, gone FROM suppliers_syncrun
WHERE status IN ('quarantined', 'discarded') AND created + updated + gone > 0

-- listings.changes_from_applied_runs
-- No cost and no stock quantity came from a sync run that was not applied.
SELECT r.id AS run, r.kind, r.status FROM suppliers_syncrun r
JOIN suppliers_costchange c ON c.run_id = r.id
WHERE r.status IN ('quarantined', 'discarded')
UNION
SELECT r.id, r.kind, r.status FROM suppliers_syncrun r
JOIN suppliers_stockmovement m ON m.cause = 'run:' || r.id
WHERE r.status IN ('quarantined', 'discarded') AND r.kind <> 'products'

-- listings.quarantine_decided
-- Staff decide about a quarantined sync run in time.
SELECT r.id AS run, r.kind, r.status_since FROM suppliers_syncrun r
LEFT JOIN suppliers_quarantinethresholds g ON g.supplier_id = r.supplier_id
WHERE r.status = 'quarantined' AND r.status_since
    < %(now)s - make_interval(hours => coalesce(
        g.review_due_h, ${review_due_h})::int)

-- listings.changes_of_open_runs
-- Changes are stored only for sync runs that are quarantined, or that staff applied or rolled back.
SELECT r.id AS run, r.kind, r.status, count(*) AS changes
FROM suppliers_pendingchange c JOIN suppliers_syncrun r ON r.id = c.run_id
WHERE r.status NOT IN ('quarantined', 'rolled_back')
  AND (r.status <> 'applied' OR r.decided_by = '')
GROUP BY r.id

-- listings.price_covers_cost
-- No price is below landed cost plus all fees and tax.
SELECT v.sku, l.channel_id AS channel, l.price_amount, l.cost_amount, l.break_even_amount
FROM catalog_listing l JOIN catalog_variant v ON v.id = l.variant_id
WHERE l.price_amount < l.cost_amount OR l.price_amount < l.landed_amount
   OR l.price_amount < l.break_even_amount
   OR (l.is_published AND (l.price_amount IS NULL OR l.price_amount <= 0
                           OR l.cost_amount IS NULL))

-- listings.price_has_rule
-- Every price has a rule of a price list that is or was live on its channel.
SELECT l.id AS listing, l.price_amount, b.version, b.status
FROM catalog_listing l
LEFT JOIN catalog_pricerule r ON r.id = l.rule_id
LEFT JOIN catalog_pricebook b ON b.id = r.book_id
WHERE l.price_amount IS NOT NULL
  AND (b.id IS NULL OR b.status = 'draft' OR b.channel_id <> l.channel_id)

-- listings.pending_rate
-- An exchange rate has a waiting rate if and only if an update of it needs approval.
SELECT coalesce(r.base, n.base) AS base, coalesce(r.quote, n.quote) AS quote,
       r.pending_rate, n.rate
FROM (SELECT * FROM catalog_exchangerate WHERE pending_rate IS NOT NULL) r
FULL JOIN (SELECT * FROM catalog_exchangerateupdate WHERE status = 'waiting') n
  ON n.base = r.base AND n.quote = r.quote
WHERE r.pending_rate IS DISTINCT FROM n.rate

-- listings.published_is_active
-- Only live products are published, without discontinued variants and variants that staff unpublished.
SELECT v.sku, l.channel_id AS channel, p.status, v.status AS variant_status, l.is_delisted
FROM catalog_listing l
JOIN catalog_variant v ON v.id = l.variant_id
JOIN catalog_product p ON p.id = v.product_id
WHERE l.is_published AND (p.status <> 'live' OR v.status = 'discontinued' OR l.is_delisted)

-- listings.card_matches_variant
-- A product card shows the price and the stock of the cheapest available variant.
SELECT coalesce(c.slug, lead.product_id::text) AS product, c.price_amount,
       lead.price_amount AS cheapest, c.available, lead.available AS left
FROM catalog_productcard c
FULL JOIN (
    SELECT DISTINCT ON (l.channel_id, v.product_id)
           l.channel_id, v.product_id, v.id AS variant_id, l.price_amount, l.available
    FROM catalog_listing l JOIN catalog_variant v ON v.id = l.variant_id
    WHERE l.is_published AND (v.status <> 'phasing_out' OR l.available > 0)
    ORDER BY l.channel_id, v.product_id, (l.available = 0), l.price_amount,
             v.position, v.id
) lead ON lead.channel_id = c.channel_id AND lead.product_id = c.product_id
WHERE (c.price_amount, c.variant_id, c.available)
      IS DISTINCT FROM (lead.price_amount, lead.variant_id, lead.available)
  AND NOT EXISTS (
    SELECT 1 FROM catalog_variant v
    WHERE v.product_id = coalesce(c.product_id, lead.product_id)
      AND NOT (${settled}))
