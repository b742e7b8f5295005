"""Why units that we sold wait for a person: nobody can tell whether his figure has them."""

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
)
