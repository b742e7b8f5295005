"""Listing invariants (I8): check that listings are deliverable and priced above cost."""

from __future__ import annotations

from storefront.dashboard.invariants.invariant import Invariant
from suppliers.quarantine.guards import USUAL

# Excludes variants whose listings are about to be updated.
_SETTLED = "NOT EXISTS (SELECT 1 FROM suppliers_unpublishedsupply u WHERE u.variant_id = v.id)"

SUPPLY = (
    Invariant(
        code="I8.one_run",
        sentence="Each sync kind of a supplier has at most one running sync.",
        sql="""
            SELECT supplier_id, kind, count(*) AS runs FROM suppliers_feedrun
            WHERE status IN ('fetched', 'parsed', 'staged')
            GROUP BY supplier_id, kind HAVING count(*) > 1
        """,
    ),
    Invariant(
        code="I8.no_ghosts",
        sentence="A listing without an active offer is not shown as available.",
        sql=f"""
            SELECT v.sku, l.channel_id AS channel, l.available
            FROM catalog_listing l JOIN catalog_variant v ON v.id = l.variant_id
            WHERE l.available > 0 AND {_SETTLED} AND NOT EXISTS (
                SELECT 1 FROM suppliers_supplieroffer o
                JOIN suppliers_supplier s ON s.id = o.supplier_id
                WHERE o.variant_id = v.id AND o.status = 'active' AND s.status = 'active'
                  AND o.missing_evidence = '')
        """,  # noqa: S608 - made of constants
    ),
    Invariant(
        code="I8.nothing_from_old_figures",
        sentence="No reservation was made on outdated stock.",
        sql="""
            SELECT l.id AS level, r.id AS reservation, r.status_since AS held_at,
                   l.as_of, p.stock_as_of
            FROM orders_reservation r
            JOIN suppliers_stocklevel l ON l.id = r.level_id
            JOIN suppliers_stocklocation p ON p.id = l.location_id
            JOIN suppliers_supplier s ON s.id = p.supplier_id
            WHERE r.status = 'active'
              AND CASE WHEN l.is_silent THEN l.as_of ELSE greatest(l.as_of, p.stock_as_of) END
                < r.status_since - make_interval(mins => s.stock_hidden_min)
        """,
    ),
    Invariant(
        code="I8.pages_age",
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
                  AND CASE WHEN k.is_silent THEN k.as_of ELSE greatest(k.as_of, p.stock_as_of) END
                    > %(now)s - make_interval(mins => s.stock_hidden_min + 5))
        """,  # noqa: S608 - made of constants
    ),
    Invariant(
        code="I8.quarantine",
        sentence="A quarantined or discarded sync run changed nothing.",
        sql="""
            SELECT id AS run, kind, status, created, updated, gone FROM suppliers_feedrun
            WHERE status IN ('quarantined', 'discarded') AND created + updated + gone > 0
        """,
    ),
    Invariant(
        code="I8.nothing_applied",
        sentence="No cost and no stock quantity came from a sync run that was not applied.",
        sql="""
            SELECT r.id AS run, r.kind, r.status FROM suppliers_feedrun r
            JOIN suppliers_costchange c ON c.run_id = r.id
            WHERE r.status IN ('quarantined', 'discarded')
            UNION
            SELECT r.id, r.kind, r.status FROM suppliers_feedrun r
            JOIN suppliers_stockmovement m ON m.cause = 'run:' || r.id
            WHERE r.status IN ('quarantined', 'discarded') AND r.kind <> 'products'
        """,
    ),
    Invariant(
        code="I8.decided",
        sentence="Staff decide about a quarantined sync run in time.",
        sql=f"""
            SELECT r.id AS run, r.kind, r.status_since FROM suppliers_feedrun r
            LEFT JOIN suppliers_feedlimits g ON g.supplier_id = r.supplier_id
            WHERE r.status = 'quarantined' AND r.status_since
                < %(now)s - make_interval(hours => coalesce(
                    g.decide_within_h, {USUAL.decide_within_h})::int)
        """,  # noqa: S608 - made of constants
    ),
    Invariant(
        code="I8.kept_changes",
        sentence="Changes are stored only for sync runs that are quarantined, or that staff"
        " applied or rolled back.",
        sql="""
            SELECT r.id AS run, r.kind, r.status, count(*) AS changes
            FROM suppliers_feedchange c JOIN suppliers_feedrun r ON r.id = c.run_id
            WHERE r.status NOT IN ('quarantined', 'rolled_back')
              AND (r.status <> 'applied' OR r.decided_by = '')
            GROUP BY r.id
        """,
    ),
    Invariant(
        code="P1.not_below_cost",
        sentence="No price is below landed cost plus all fees and tax.",
        sql="""
            SELECT v.sku, l.channel_id AS channel, l.price_amount, l.cost_amount, l.even_amount
            FROM catalog_listing l JOIN catalog_variant v ON v.id = l.variant_id
            WHERE l.price_amount < l.cost_amount OR l.price_amount < l.landed_amount
               OR l.price_amount < l.even_amount
               OR (l.is_published AND (l.price_amount IS NULL OR l.price_amount <= 0
                                       OR l.cost_amount IS NULL))
        """,
    ),
    Invariant(
        code="P4.one_book",
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
        code="P5.waiting_rate",
        sentence="An exchange rate has a waiting rate if and only if an update of it needs"
        " approval.",
        sql="""
            SELECT coalesce(r.base, n.base) AS base, coalesce(r.quote, n.quote) AS quote,
                   r.waiting_rate, n.rate
            FROM (SELECT * FROM catalog_exchangerate WHERE waiting_rate IS NOT NULL) r
            FULL JOIN (SELECT * FROM catalog_ratenews WHERE status = 'waiting') n
              ON n.base = r.base AND n.quote = r.quote
            WHERE r.waiting_rate IS DISTINCT FROM n.rate
        """,
    ),
    Invariant(
        code="P2.fit_to_show",
        sentence="Only active products are published, and none that staff unpublished.",
        sql="""
            SELECT v.sku, l.channel_id AS channel, p.status, l.is_withdrawn
            FROM catalog_listing l
            JOIN catalog_variant v ON v.id = l.variant_id
            JOIN catalog_product p ON p.id = v.product_id
            WHERE l.is_published AND (p.status <> 'active' OR l.is_withdrawn)
        """,
    ),
    Invariant(
        code="P3.card_price",
        sentence="A product card shows the price and the stock of the cheapest available variant.",
        sql=f"""
            SELECT coalesce(c.slug, lead.product_id::text) AS product, c.price_amount,
                   lead.price_amount AS cheapest, c.available, lead.available AS left
            FROM catalog_card c
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
