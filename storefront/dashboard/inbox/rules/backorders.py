"""Backorder rules: find backordered lines that need a decision by staff."""

from django.utils.translation import gettext_lazy as _

from storefront.dashboard.inbox.rule import InboxRule, rule_maker

_BACKORDER = """
    SELECT b.id, po.number AS name, b.status_since AS since,
           b.delivery_amount + coalesce(l.amount, 0) AS amount, b.currency,
           coalesce(nullif(b.problem, ''), b.reason) AS detail
    FROM orders_backorder b
    JOIN orders_purchaseorder po ON po.id = b.purchase_order_id
    JOIN orders_order o ON o.id = b.order_id
    LEFT JOIN LATERAL (
        SELECT sum(ol.line_amount - ol.discount_amount + ol.additional_tax_amount) AS amount
        FROM orders_backorderline sl JOIN orders_orderline ol ON ol.id = sl.order_line_id
        WHERE sl.backorder_id = b.id AND sl.is_open
    ) l ON true
    WHERE {condition}
"""


_backorder = rule_maker("orders_backorder", _BACKORDER)
BACKORDERS = (
    InboxRule(
        code="address_change_requested",
        sentence=_("Ask the supplier to change the delivery address"),
        page="orders_addresschangerequest",
        sql="""
            SELECT w.id, po.number AS name, w.status_since AS since, po.customer_charge_amount AS amount,
                   po.currency, s.name AS detail
            FROM orders_addresschangerequest w
            JOIN orders_purchaseorder po ON po.id = w.purchase_order_id
            JOIN suppliers_supplier s ON s.id = po.supplier_id
            WHERE w.status = 'requested' AND (w.notified_via <> 'email' OR w.status_since
                  < %(now)s - make_interval(mins => s.acknowledge_within_min))
        """,
    ),
    _backorder(
        "backorder_open",
        _("Rejected by the supplier, no replacement found yet"),
        "b.status = 'open' AND b.status_since < %(now)s - interval '10 minutes'",
    ),
    _backorder(
        "backorder_unanswered",
        _("Customer did not answer about a backorder in time"),
        "b.status = 'asked' AND b.respond_by < %(now)s - interval '10 minutes'",
    ),
)
