"""Price rules: find blocked prices and unconfirmed exchange rates."""

from django.utils.translation import gettext_lazy as _

from catalog.pricing import labels
from storefront.dashboard.inbox.rule import NO_AMOUNT, simple_rule
from suppliers.quarantine.guards import DEFAULT_THRESHOLDS

PRICES = (
    simple_rule(
        "cost_increased",
        _("Cost increase above the limit"),
        "suppliers_supplieroffer",
        f"DISTINCT ON (o.id) o.id, s.name || ': ' || o.supplier_sku AS name, c.at AS since,"
        f" {NO_AMOUNT}, c.old_amount || ' → ' || c.new_amount || ' ' || o.currency || ' (+' ||"
        " round(100 * (c.new_amount / c.old_amount - 1)) || ' %%)' AS detail"
        " FROM suppliers_costchange c JOIN suppliers_supplieroffer o ON o.id = c.offer_id"
        " JOIN suppliers_supplier s ON s.id = o.supplier_id"
        " LEFT JOIN suppliers_quarantinethresholds g ON g.supplier_id = s.id",
        "c.new_amount > c.old_amount AND c.at > %(now)s - interval '7 days'"
        " AND c.new_amount * 100 > c.old_amount"
        f" * (100 + coalesce(g.cost_increase_alert_percent, {DEFAULT_THRESHOLDS.cost_increase_alert_percent}))"
        " AND o.cost_amount >= c.new_amount AND o.status = 'active' AND s.status = 'active'"
        " ORDER BY o.id, c.at DESC",
    ),
    simple_rule(
        "price_below_minimum",
        _("Price below the margin floor"),
        "catalog_listing",
        "l.id, v.sku || ' · ' || c.name AS name, l.updated_at AS since, l.floor_amount - l.price_amount AS amount,"
        " c.currency, l.price_amount || ' < ' || l.floor_amount AS detail FROM catalog_listing l"
        " JOIN catalog_channel c ON c.id = l.channel_id"
        " JOIN catalog_variant v ON v.id = l.variant_id",
        "l.is_published AND l.price_amount < l.floor_amount",
        has_stable_since=False,
    ),
    simple_rule(
        "price_blocked",
        _("Price change needs approval"),
        "catalog_pricehold",
        f"h.id, v.sku || ' · ' || c.name AS name, h.opened_at AS since, {NO_AMOUNT},"
        " jsonb_build_object('reason', h.reason, 'figures', h.breakdown->'figures')::text AS detail"
        " FROM catalog_pricehold h"
        " JOIN catalog_listing l ON l.id = h.listing_id"
        " JOIN catalog_channel c ON c.id = l.channel_id"
        " JOIN catalog_variant v ON v.id = l.variant_id",
        "h.status = 'open'",
        format_detail=labels.row_message,
    ),
    simple_rule(
        "exchange_rate_pending",
        _("Exchange rate change needs approval"),
        "catalog_exchangerateupdate",
        f"n.id, n.base || '/' || n.quote AS name, n.reported_at AS since, {NO_AMOUNT},"
        " n.old_rate::float8::text || ' → ' || n.rate::float8::text AS detail"
        " FROM catalog_exchangerateupdate n",
        "n.status = 'waiting'",
    ),
    simple_rule(
        "exchange_rate_unknown",
        _("Supplier's offers not used: no exchange rate for its currency"),
        "suppliers_supplier",
        f"s.id, s.name, coalesce(r.as_of, s.status_since) AS since, {NO_AMOUNT},"
        " s.currency || '/' || c.currency AS detail FROM suppliers_supplier s"
        " JOIN catalog_channel c ON c.currency <> s.currency"
        " LEFT JOIN catalog_exchangerate r ON r.base = s.currency AND r.quote = c.currency",
        "s.status = 'active' AND coalesce(r.validity, 'unknown') = 'unknown' AND EXISTS (SELECT 1"
        " FROM suppliers_supplieroffer o WHERE o.supplier_id = s.id AND o.status = 'active'"
        " AND o.variant_id IS NOT NULL)",
    ),
    simple_rule(
        "exchange_rate_expired",
        _("Exchange rate outdated: prices in this currency are frozen"),
        "catalog_exchangerate",
        f"r.id, r.base || '/' || r.quote AS name, r.as_of AS since, {NO_AMOUNT}, r.source AS detail"
        " FROM catalog_exchangerate r",
        "r.pending_rate IS NULL AND r.validity <> 'sure' AND EXISTS (SELECT 1"
        " FROM suppliers_supplier s JOIN catalog_channel c ON c.currency = r.quote"
        " WHERE s.currency = r.base AND s.status = 'active' AND EXISTS (SELECT 1"
        " FROM suppliers_supplieroffer o WHERE o.supplier_id = s.id AND o.status = 'active'"
        " AND o.variant_id IS NOT NULL))",
    ),
    simple_rule(
        "competitor_source_failing",
        _("Competitor price source does not respond"),
        "catalog_competitorsource",
        f"s.id, s.name, s.failing_since AS since, {NO_AMOUNT}, s.problem AS detail"
        " FROM catalog_competitorsource s",
        "s.is_enabled AND s.problem <> ''",
    ),
)
