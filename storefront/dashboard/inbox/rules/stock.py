"""Stock rules: find stock that is unknown, stale, unpublished or sold out."""

from django.utils.translation import gettext_lazy as _

from storefront.dashboard.inbox import value_at_risk
from storefront.dashboard.inbox.rule import NO_AMOUNT, InboxRule, simple_rule

# Listings that may be outdated: of suppliers that are inactive or send no data, of offers that are
# not sold, and of variants in the publication queue. Each part uses an index. All other changes
# queue their variant, or are found by age (``suppliers.inventory.confirmations``).
_POSSIBLY_OUTDATED = """
    SELECT l.id FROM (
        SELECT s.code FROM suppliers_supplier s
        LEFT JOIN suppliers_stocklocation p ON p.supplier_id = s.id
        GROUP BY s.id HAVING s.status <> 'active'
          OR s.costs_confirmed_at < %(now)s - make_interval(mins => s.cost_expires_after_min)
          OR max(p.stock_confirmed_at) < %(now)s - make_interval(mins => s.stock_expires_after_min)) s
    CROSS JOIN LATERAL (SELECT l.id FROM catalog_listing l
        WHERE l.supplier_code = s.code AND l.is_published OFFSET 0) l
    UNION
    SELECT l.id FROM suppliers_supplieroffer o
    JOIN catalog_listing l ON l.variant_id = o.variant_id
    WHERE o.status <> 'active' OR o.missing_certificates <> '' OR NOT o.has_cost
    UNION
    SELECT l.id FROM suppliers_pendingpublication u
    JOIN catalog_listing l ON l.variant_id = u.variant_id
"""
# The rule of orders.routing.candidates, and the minimum of suppliers.inventory.sellable_units, for
# all listings at once; a test keeps them equal.
_ROUTABLE = """
    SELECT true AS is_routable FROM suppliers_supplieroffer o
    JOIN suppliers_supplier s ON s.id = o.supplier_id
    JOIN suppliers_stocklevel k ON k.offer_id = o.id
    JOIN suppliers_stocklocation p ON p.id = k.location_id
    WHERE o.variant_id = l.variant_id AND o.status = 'active' AND s.status = 'active'
      AND o.missing_certificates = '' AND o.cost_amount > 0
      AND (o.currency = l.currency OR EXISTS (SELECT 1 FROM catalog_exchangerate r
        WHERE r.base = o.currency AND r.quote = l.currency AND r.validity <> 'unknown'))
      AND CASE WHEN o.is_cost_unconfirmed THEN o.cost_reported_at
          ELSE greatest(o.cost_reported_at, s.costs_confirmed_at) END
        >= %(now)s - make_interval(mins => s.cost_expires_after_min)
      AND k.reported_quantity >= l.channel_safety_stock + k.safety_stock + k.reserved + k.allocated_outstanding
        + (o.min_order_units + o.pack_size - 1) / o.pack_size * o.pack_size
        + stock_decay(
            k.reported_quantity,
            %(now)s - CASE WHEN k.is_unconfirmed THEN k.as_of
              ELSE greatest(k.as_of, p.stock_confirmed_at) END,
            s.stock_fresh_for_min, s.stock_expires_after_min, s.stock_decay_units_per_hour,
            s.stock_decay_percent_per_hour, s.stock_accuracy)
"""
# Few listings may be outdated: check each by a lateral join, never all listings in one join.
_UNROUTABLE = f"""
    SELECT l.id, l.sku AS name, l.updated_at AS since, {NO_AMOUNT},
           l.code || ': ' || l.available AS detail
    FROM ({_POSSIBLY_OUTDATED}) candidate
    CROSS JOIN LATERAL (
        SELECT l.id, l.variant_id, l.available, l.updated_at, v.sku, h.code, h.currency,
               h.safety_stock AS channel_safety_stock
        FROM catalog_listing l
        JOIN catalog_variant v ON v.id = l.variant_id
        JOIN catalog_channel h ON h.id = l.channel_id
        WHERE l.id = candidate.id AND l.is_published AND NOT l.is_delisted AND l.available > 0
          AND l.as_of > %(now)s - interval '1 day' OFFSET 0) l
    LEFT JOIN LATERAL ({_ROUTABLE} LIMIT 1) route ON true
    WHERE route.is_routable IS NULL
"""  # noqa: S608 - made of constants

# What was paid for units of a stock level whose sale the reported quantity does not include yet.
_SOLD = f"""LEFT JOIN LATERAL (
    SELECT d.currency, sum({value_at_risk.PAID}) AS amount
    FROM orders_allocation a JOIN orders_orderline i ON i.id = a.line_id
    JOIN orders_order d ON d.id = i.order_id
    WHERE a.level_id = l.id AND a.status = 'unseen'
    GROUP BY 1 ORDER BY 2 DESC LIMIT 1) sold ON true"""  # noqa: S608 - made of constants
# Levels with unseen allocations or reservations of unpaid orders. The invariants check that the
# counters of a level equal these rows. No partial index of oversold levels: each reservation would
# write to it.
_IN_DEMAND = """
    SELECT level_id FROM orders_allocation WHERE status = 'unseen'
    UNION ALL
    SELECT r.level_id FROM orders_order d JOIN orders_orderline i ON i.order_id = d.id
    JOIN orders_reservation r ON r.line_id = i.id
    WHERE d.status = 'pending_payment' AND r.status = 'active'
"""
STOCK = (
    simple_rule(
        "stock_oversold",
        _("Oversold: more sold than the supplier has"),
        "suppliers_stocklevel",
        "l.id, o.supplier_sku AS name, l.received_at AS since, sold.amount,"
        " coalesce(sold.currency, '') AS currency,"
        " l.reported_quantity || ' < ' || (l.allocated_outstanding + l.reserved) AS detail"
        f" FROM suppliers_stocklevel l JOIN suppliers_supplieroffer o ON o.id = l.offer_id {_SOLD}",
        f"l.id IN ({_IN_DEMAND}) AND l.reported_quantity < l.allocated_outstanding + l.reserved",
        has_stable_since=False,
        reads_history=True,
    ),
    simple_rule(
        "stock_deduction_differs",
        _("Supplier reduces stock at another step than configured"),
        "suppliers_supplier",
        f"s.id, s.name AS name, c.measured_at AS since, {NO_AMOUNT},"
        " s.stock_decremented_at || ' → ' || c.at AS detail"
        " FROM suppliers_stockdecrement c JOIN suppliers_supplier s ON s.id = c.supplier_id",
        "c.at <> '' AND c.at <> s.stock_decremented_at AND s.status <> 'blocked'",
    ),
    simple_rule(
        "sale_not_in_feed",
        _("Sale not yet reflected in the supplier's stock"),
        "orders_allocation",
        f"a.id, l.sku AS name, a.status_since AS since, {NO_AMOUNT},"
        " replace(a.doubt, '_', ' ') AS detail"
        " FROM orders_allocation a JOIN orders_orderline l ON l.id = a.line_id",
        "a.status = 'unseen' AND a.status_since < %(now)s - interval '14 days'",
    ),
    simple_rule(
        "stock_stale",
        _("Supplier stock data is outdated"),
        "suppliers_supplier",
        f"s.id, s.name, coalesce(p.confirmed_at, s.status_since) AS since, {NO_AMOUNT},"  # noqa: S608 - ours
        " c.problem AS detail"
        " FROM suppliers_supplier s"
        " LEFT JOIN suppliers_connection c ON c.supplier_id = s.id"
        " LEFT JOIN (SELECT supplier_id, max(stock_confirmed_at) AS confirmed_at"
        " FROM suppliers_stocklocation GROUP BY 1) p ON p.supplier_id = s.id",
        "s.status = 'active' AND coalesce(p.confirmed_at, s.status_since)"
        " < %(now)s - make_interval(mins => s.stock_age_shown_after_min)",
    ),
    simple_rule(
        "costs_stale",
        _("Supplier costs are outdated"),
        "suppliers_supplier",
        f"s.id, s.name, coalesce(s.costs_confirmed_at, s.status_since) AS since, {NO_AMOUNT},"
        " c.problem AS detail FROM suppliers_supplier s"
        " LEFT JOIN suppliers_connection c ON c.supplier_id = s.id",
        "s.status = 'active' AND coalesce(s.costs_confirmed_at, s.status_since)"
        " < %(now)s - make_interval(mins => s.cost_expires_after_min)",
    ),
    simple_rule(
        "line_unroutable",
        _("Ordered item whose offer was discontinued"),
        "orders_order",
        "d.id, d.number || ': ' || i.sku AS name, d.placed_at AS since, i.line_amount AS amount,"
        " d.currency, concat_ws(', ', s.name || ' ' || nullif(s.status, 'active'),"
        " 'offer ' || nullif(o.status, 'active'), 'lacks ' || nullif(o.missing_certificates, ''),"
        " CASE WHEN o.cost_amount IS NULL THEN 'no cost' END) AS detail"
        " FROM orders_order d JOIN orders_orderline i ON i.order_id = d.id"
        " JOIN suppliers_supplieroffer o ON o.id = i.offer_id"
        " JOIN suppliers_supplier s ON s.id = o.supplier_id"
        " JOIN suppliers_stocklevel k ON k.id = i.level_id",
        "d.status IN ('pending_payment', 'placed', 'on_hold', 'processing')"
        " AND i.quantity > i.canceled_quantity + i.shipped_quantity"
        " AND (s.status <> 'active' OR o.status <> 'active' OR o.missing_certificates <> ''"
        " OR o.cost_amount IS NULL)"
        " AND (d.status <> 'processing' OR EXISTS (SELECT 1 FROM orders_purchaseorder x"
        " WHERE x.order_id = d.id AND x.location_id = k.location_id"
        " AND x.status IN ('draft', 'ready', 'on_hold')))",
    ),
    InboxRule(
        code="listing_unroutable",
        sentence=_("Shown as in stock, but no offer is available"),
        page="catalog_listing",
        sql=_UNROUTABLE,
        has_stable_since=False,
    ),
    simple_rule(
        "sold_out_in_demand",
        _("Out of stock, but selling"),
        "catalog_listing",
        f"l.id, l.sku AS name, l.updated_at AS since, {NO_AMOUNT},"  # noqa: S608 - written here
        " sold.units || ' ×' AS detail"
        " FROM (SELECT d.variant_id, sum(d.units) AS units FROM catalog_dailysales d"
        " WHERE d.day > (%(now)s)::date - 7 GROUP BY 1) sold"
        " CROSS JOIN LATERAL (SELECT l.id, l.updated_at, v.sku FROM catalog_listing l"
        " JOIN catalog_variant v ON v.id = l.variant_id"
        " WHERE l.variant_id = sold.variant_id AND l.is_published AND l.available = 0 OFFSET 0) l",
        "true",
        has_stable_since=False,
    ),
)
