"""Order rules: find orders and backorders that need staff, and addresses to erase."""

from django.utils.translation import gettext_lazy as _

from storefront.dashboard.inbox.rule import NO_AMOUNT, InboxRule, rule_maker

_order = rule_maker(
    "orders_order",
    """
    SELECT o.id, o.number AS name, o.{since} AS since, o.total_amount AS amount, o.currency,
           o.hold_reason AS detail
    FROM orders_order o WHERE {condition}
    """,
)

ADDRESSES_TO_ERASE = (
    InboxRule(
        code="address_to_erase",
        sentence=_("Ask the supplier to erase a customer's address"),
        page="orders_erasurerequest",
        sql=f"""
            SELECT f.id, po.number AS name, f.since, {NO_AMOUNT}, s.name AS detail
            FROM orders_erasurerequest f
            JOIN orders_purchaseorder po ON po.id = f.purchase_order_id
            JOIN suppliers_supplier s ON s.id = po.supplier_id
            WHERE f.sent_at IS NULL
        """,  # noqa: S608 - all parts are written in this file
    ),
)
ORDERS = (
    _order("order_on_hold", _("Order is on hold"), "o.status = 'on_hold'", since="status_since"),
    _order(
        "order_not_submitted",
        _("Paid, but no purchase order created"),
        "o.status = 'placed' AND o.status_since < %(now)s - interval '10 minutes'",
        since="status_since",
    ),
    _order(
        "order_payment_overdue",
        _("Unpaid order still reserves stock"),
        "o.status = 'pending_payment' AND o.payment_due_at < %(now)s - interval '10 minutes'",
        since="payment_due_at",
    ),
    InboxRule(
        code="order_message_waiting",
        sentence=_("Customer waits for an answer"),
        page="orders_order",
        sql=f"""
            SELECT o.id, o.number AS name, min(m.sent_at) AS since, {NO_AMOUNT},
                   left((array_agg(m.text ORDER BY m.id))[1], 100) AS detail
            FROM orders_ordermessage m JOIN orders_order o ON o.id = m.order_id
            WHERE m.author = 'customer' AND m.answered_at IS NULL
            GROUP BY o.id
        """,  # noqa: S608 - all parts are written in this file
    ),
    InboxRule(
        code="refund_to_approve",
        sentence=_("Refund waits for approval"),
        page="orders_refundrequest",
        sql="""
            SELECT r.id, o.number AS name, r.requested_at AS since, r.amount, r.currency,
                   r.reason AS detail
            FROM orders_refundrequest r JOIN orders_order o ON o.id = r.order_id
            WHERE r.status = 'waiting'
        """,
    ),
    _order(
        "order_late",
        _("Delivery overdue"),
        "o.status = 'processing' AND o.arrives_to < (%(now)s)::date",
        since="arrives_to::timestamptz",
    ),
)

# Backorders

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
