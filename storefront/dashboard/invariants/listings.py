"""Listing invariants: check that listings are deliverable and priced above cost."""

from storefront.dashboard.invariants.invariant import Invariant
from suppliers.quarantine.guards import DEFAULT_THRESHOLDS

# Excludes variants whose listings are about to be updated.
_SETTLED = "NOT EXISTS (SELECT 1 FROM suppliers_pendingpublication u WHERE u.variant_id = v.id)"

LISTINGS = (
    Invariant(
        code="listings.one_sync_run",
        sentence="Each sync kind of a supplier has at most one running sync.",
        sql="""
            SELECT supplier_id, kind, count(*) AS runs FROM suppliers_syncrun
            WHERE status IN ('fetching', 'parsed', 'staged')
            GROUP BY supplier_id, kind HAVING count(*) > 1
        """,
    ),
    Invariant(
        code="listings.available_has_offer",
        sentence="A listing without an active offer is not shown as available.",
        sql=f"""
            SELECT v.sku, l.channel_id AS channel, l.available
            FROM catalog_listing l JOIN catalog_variant v ON v.id = l.variant_id
            WHERE l.available > 0 AND {_SETTLED} AND NOT EXISTS (
                SELECT 1 FROM suppliers_supplieroffer o
                JOIN suppliers_supplier s ON s.id = o.supplier_id
                WHERE o.variant_id = v.id AND o.status = 'active' AND s.status = 'active'
                  AND o.missing_certificates = '')
        """,  # noqa: S608 - made of constants
    ),
    Invariant(
        code="listings.reserved_from_fresh_stock",
        sentence="No reservation was made on outdated stock.",
        sql="""
            SELECT l.id AS level, r.id AS reservation, r.status_since AS held_at,
                   l.as_of, p.stock_confirmed_at
            FROM orders_reservation r
            JOIN suppliers_stocklevel l ON l.id = r.level_id
            JOIN suppliers_stocklocation p ON p.id = l.location_id
            JOIN suppliers_supplier s ON s.id = p.supplier_id
            WHERE r.status = 'active'
              AND CASE WHEN l.is_unconfirmed THEN l.as_of ELSE greatest(l.as_of, p.stock_confirmed_at) END
                < r.status_since - make_interval(mins => s.stock_expires_after_min)
        """,
    ),
    Invariant(
        code="listings.available_is_fresh",
        sentence="Stock that is shown as available was confirmed recently enough to sell.",
        sql=f"""
            SELECT v.sku, l.channel_id AS channel, l.available, l.as_of
            FROM catalog_listing l JOIN catalog_variant v ON v.id = l.variant_id
            WHERE l.available > 0 AND l.as_of > %(now)s - interval '1 day' AND {_SETTLED}
              AND NOT EXISTS (
                SELECT 1 FROM suppliers_supplieroffer o
                JOIN suppliers_supplier s ON s.id = o.supplier_id
                JOIN suppliers_stocklevel k ON k.offer_id = o.id
                JOIN suppliers_stocklocation p ON p.id = k.location_id
                WHERE o.variant_id = v.id
                  AND CASE WHEN k.is_unconfirmed THEN k.as_of ELSE greatest(k.as_of, p.stock_confirmed_at) END
                    > %(now)s - make_interval(mins => s.stock_expires_after_min + 5))
        """,  # noqa: S608 - made of constants
    ),
    Invariant(
        code="listings.quarantine_changes_nothing",
        sentence="A quarantined or discarded sync run changed nothing.",
        sql="""
            SELECT id AS run, kind, status, created, updated, gone FROM suppliers_syncrun
            WHERE status IN ('quarantined', 'discarded') AND created + updated + gone > 0
        """,
    ),
    Invariant(
        code="listings.changes_from_applied_runs",
        sentence="No cost and no stock quantity came from a sync run that was not applied.",
        sql="""
            SELECT r.id AS run, r.kind, r.status FROM suppliers_syncrun r
            JOIN suppliers_costchange c ON c.run_id = r.id
            WHERE r.status IN ('quarantined', 'discarded')
            UNION
            SELECT r.id, r.kind, r.status FROM suppliers_syncrun r
            JOIN suppliers_stockmovement m ON m.cause = 'run:' || r.id
            WHERE r.status IN ('quarantined', 'discarded') AND r.kind <> 'products'
        """,
    ),
    Invariant(
        code="listings.quarantine_decided",
        sentence="Staff decide about a quarantined sync run in time.",
        sql=f"""
            SELECT r.id AS run, r.kind, r.status_since FROM suppliers_syncrun r
            LEFT JOIN suppliers_quarantinethresholds g ON g.supplier_id = r.supplier_id
            WHERE r.status = 'quarantined' AND r.status_since
                < %(now)s - make_interval(hours => coalesce(
                    g.review_due_h, {DEFAULT_THRESHOLDS.review_due_h})::int)
        """,  # noqa: S608 - made of constants
    ),
    Invariant(
        code="listings.changes_of_open_runs",
        sentence="Changes are stored only for sync runs that are quarantined, or that staff"
        " applied or rolled back.",
        sql="""
            SELECT r.id AS run, r.kind, r.status, count(*) AS changes
            FROM suppliers_pendingchange c JOIN suppliers_syncrun r ON r.id = c.run_id
            WHERE r.status NOT IN ('quarantined', 'rolled_back')
              AND (r.status <> 'applied' OR r.decided_by = '')
            GROUP BY r.id
        """,
    ),
    Invariant(
        code="listings.price_covers_cost",
        sentence="No price is below landed cost plus all fees and tax.",
        sql="""
            SELECT v.sku, l.channel_id AS channel, l.price_amount, l.cost_amount, l.break_even_amount
            FROM catalog_listing l JOIN catalog_variant v ON v.id = l.variant_id
            WHERE l.price_amount < l.cost_amount OR l.price_amount < l.landed_amount
               OR l.price_amount < l.break_even_amount
               OR (l.is_published AND (l.price_amount IS NULL OR l.price_amount <= 0
                                       OR l.cost_amount IS NULL))
        """,
    ),
    Invariant(
        code="listings.price_has_rule",
        sentence="Every price has a rule of a price list that is or was live on its channel.",
        sql="""
            SELECT l.id AS listing, l.price_amount, b.version, b.status
            FROM catalog_listing l
            LEFT JOIN catalog_pricerule r ON r.id = l.rule_id
            LEFT JOIN catalog_pricebook b ON b.id = r.book_id
            WHERE l.price_amount IS NOT NULL
              AND (b.id IS NULL OR b.status = 'draft' OR b.channel_id <> l.channel_id)
        """,
    ),
    Invariant(
        code="listings.pending_rate",
        sentence="An exchange rate has a waiting rate if and only if an update of it needs"
        " approval.",
        sql="""
            SELECT coalesce(r.base, n.base) AS base, coalesce(r.quote, n.quote) AS quote,
                   r.pending_rate, n.rate
            FROM (SELECT * FROM catalog_exchangerate WHERE pending_rate IS NOT NULL) r
            FULL JOIN (SELECT * FROM catalog_exchangerateupdate WHERE status = 'waiting') n
              ON n.base = r.base AND n.quote = r.quote
            WHERE r.pending_rate IS DISTINCT FROM n.rate
        """,
    ),
    Invariant(
        code="listings.published_is_active",
        sentence="Only active products are published, and none that staff unpublished.",
        sql="""
            SELECT v.sku, l.channel_id AS channel, p.status, l.is_delisted
            FROM catalog_listing l
            JOIN catalog_variant v ON v.id = l.variant_id
            JOIN catalog_product p ON p.id = v.product_id
            WHERE l.is_published AND (p.status <> 'active' OR l.is_delisted)
        """,
    ),
    Invariant(
        code="listings.card_matches_variant",
        sentence="A product card shows the price and the stock of the cheapest available variant.",
        sql=f"""
            SELECT coalesce(c.slug, lead.product_id::text) AS product, c.price_amount,
                   lead.price_amount AS cheapest, c.available, lead.available AS left
            FROM catalog_productcard c
            FULL JOIN (
                SELECT DISTINCT ON (l.channel_id, v.product_id)
                       l.channel_id, v.product_id, v.id AS variant_id, l.price_amount, l.available
                FROM catalog_listing l JOIN catalog_variant v ON v.id = l.variant_id
                WHERE l.is_published AND (v.status <> 'discontinued' OR l.available > 0)
                ORDER BY l.channel_id, v.product_id, (l.available = 0), l.price_amount,
                         v.position, v.id
            ) lead ON lead.channel_id = c.channel_id AND lead.product_id = c.product_id
            WHERE (c.price_amount, c.variant_id, c.available)
                  IS DISTINCT FROM (lead.price_amount, lead.variant_id, lead.available)
              AND NOT EXISTS (
                SELECT 1 FROM catalog_variant v
                WHERE v.product_id = coalesce(c.product_id, lead.product_id)
                  AND NOT ({_SETTLED}))
        """,  # noqa: S608 - made of constants
    ),
)
