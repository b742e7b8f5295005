"""Price rules: find blocked prices and doubtful exchange rates."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from catalog.pricing import labels
from storefront.dashboard.inbox.rule import NO_MONEY, plain
from suppliers.quarantine.guards import USUAL

PRICES = (
    plain(
        "cost_risen",
        _("Cost increase above the limit"),
        "suppliers_supplieroffer",
        f"DISTINCT ON (o.id) o.id, s.name || ': ' || o.supplier_sku AS name, c.at AS since,"
        f" {NO_MONEY}, c.old_amount || ' → ' || c.new_amount || ' ' || o.currency || ' (+' ||"
        " round(100 * (c.new_amount / c.old_amount - 1)) || ' %%)' AS detail"
        " FROM suppliers_costchange c JOIN suppliers_supplieroffer o ON o.id = c.offer_id"
        " JOIN suppliers_supplier s ON s.id = o.supplier_id"
        " LEFT JOIN suppliers_feedlimits g ON g.supplier_id = s.id",
        "c.new_amount > c.old_amount AND c.at > %(now)s - interval '7 days'"
        " AND c.new_amount * 100 > c.old_amount"
        f" * (100 + coalesce(g.risen_percent, {USUAL.risen_percent}))"
        " AND o.cost_amount >= c.new_amount AND o.status = 'active' AND s.status = 'active'"
        " ORDER BY o.id, c.at DESC",
    ),
    plain(
        "price_below_floor",
        _("Price below the margin floor"),
        "catalog_listing",
        "l.id, v.sku AS name, l.updated_at AS since, l.floor_amount - l.price_amount AS amount,"
        " c.currency, l.price_amount || ' < ' || l.floor_amount AS detail FROM catalog_listing l"
        " JOIN catalog_channel c ON c.id = l.channel_id"
        " JOIN catalog_variant v ON v.id = l.variant_id",
        "l.is_published AND l.price_amount < l.floor_amount",
        is_steady=False,
    ),
    plain(
        "price_held",
        _("Price change needs approval"),
        "catalog_pricehold",
        "h.id, v.sku AS name, h.opened_at AS since, h.old_amount AS amount, c.currency,"
        " coalesce(CASE WHEN h.made_of->'figures' IS NOT NULL THEN jsonb_build_object('reason',"
        " h.reason, 'figures', h.made_of->'figures')::text END, h.sentence) AS detail"
        " FROM catalog_pricehold h"
        " JOIN catalog_listing l ON l.id = h.listing_id"
        " JOIN catalog_channel c ON c.id = l.channel_id"
        " JOIN catalog_variant v ON v.id = l.variant_id",
        "h.status = 'open'",
        told=labels.stopped_row,
    ),
    plain(
        "rate_waits",
        _("Exchange rate change needs approval"),
        "catalog_ratenews",
        f"n.id, n.base || '/' || n.quote AS name, n.told_at AS since, {NO_MONEY},"
        " n.old_rate::float8::text || ' → ' || n.rate::float8::text AS detail"
        " FROM catalog_ratenews n",
        "n.status = 'waiting'",
    ),
    plain(
        "rate_unknown",
        _("Supplier's offers not used: no exchange rate for its currency"),
        "suppliers_supplier",
        f"s.id, s.name, coalesce(r.as_of, s.status_since) AS since, {NO_MONEY},"
        " s.currency || '/' || c.currency AS detail FROM suppliers_supplier s"
        " JOIN catalog_channel c ON c.currency <> s.currency"
        " LEFT JOIN catalog_exchangerate r ON r.base = s.currency AND r.quote = c.currency",
        "s.status = 'active' AND coalesce(r.standing, 'unknown') = 'unknown' AND EXISTS (SELECT 1"
        " FROM suppliers_supplieroffer o WHERE o.supplier_id = s.id AND o.status = 'active'"
        " AND o.variant_id IS NOT NULL)",
    ),
    plain(
        "rate_old",
        _("Exchange rate outdated: prices in this currency are frozen"),
        "catalog_exchangerate",
        f"r.id, r.base || '/' || r.quote AS name, r.as_of AS since, {NO_MONEY}, r.source AS detail"
        " FROM catalog_exchangerate r",
        "r.waiting_rate IS NULL AND r.standing <> 'sure' AND EXISTS (SELECT 1"
        " FROM catalog_listing l JOIN catalog_channel c ON c.id = l.channel_id"
        " WHERE l.wholesale_currency = r.base AND c.currency = r.quote)",
    ),
    plain(
        "competitors_unheard",
        _("Competitor price source does not respond"),
        "catalog_competitorsource",
        f"s.id, s.name, s.failing_since AS since, {NO_MONEY}, s.problem AS detail"
        " FROM catalog_competitorsource s",
        "s.is_on AND s.problem <> ''",
    ),
)
