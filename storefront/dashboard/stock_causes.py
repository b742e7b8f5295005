"""Why stock waits for a person: figures nobody can tell, that grow old, or are sold out."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from storefront.dashboard.cause import NO_MONEY, plain

STOCK = (
    plain(
        "countdown_differs",
        _("Supplier counts our orders down at another time than we believe"),
        "suppliers_supplier",
        f"s.id, s.name AS name, c.measured_at AS since, {NO_MONEY},"
        " s.counts_down_at || ' → ' || c.at AS detail"
        " FROM suppliers_countdown c JOIN suppliers_supplier s ON s.id = c.supplier_id",
        "c.at <> '' AND c.at <> s.counts_down_at AND s.status <> 'blocked'",
    ),
    plain(
        "sale_unseen",
        _("Sold long ago, and not in the supplier's figure yet"),
        "orders_allocation",
        f"a.id, l.sku AS name, a.status_since AS since, {NO_MONEY},"
        " replace(a.doubt, '_', ' ') AS detail"
        " FROM orders_allocation a JOIN orders_orderline l ON l.id = a.line_id",
        "a.status = 'unseen' AND a.status_since < %(now)s - interval '14 days'",
    ),
    plain(
        "stale_supplier",
        _("Supplier's stock figures grow old"),
        "suppliers_supplier",
        f"s.id, s.name, coalesce(p.told_at, s.status_since) AS since, {NO_MONEY},"  # noqa: S608 - ours
        " c.problem AS detail"
        " FROM suppliers_supplier s"
        " LEFT JOIN suppliers_connection c ON c.supplier_id = s.id"
        " LEFT JOIN (SELECT supplier_id, max(stock_as_of) AS told_at"
        " FROM suppliers_stocklocation GROUP BY 1) p ON p.supplier_id = s.id",
        "s.status = 'active' AND coalesce(p.told_at, s.status_since)"
        " < %(now)s - make_interval(mins => s.stock_told_min)",
    ),
    plain(
        "sold_out_selling",
        _("Sells, and is sold out"),
        "catalog_listing",
        f"l.id, v.sku AS name, l.updated_at AS since, {NO_MONEY},"  # noqa: S608 - written here
        " sold.units || ' ×' AS detail"
        " FROM (SELECT i.variant_id, sum(i.quantity) AS units FROM orders_order d"
        " JOIN orders_orderline i ON i.order_id = d.id"
        " WHERE d.placed_at > %(now)s - interval '7 days' GROUP BY 1) sold"
        " JOIN catalog_variant v ON v.id = sold.variant_id"
        " JOIN catalog_listing l ON l.variant_id = v.id",
        "l.is_published AND l.available = 0",
    ),
)
