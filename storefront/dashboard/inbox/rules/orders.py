"""Order rules: find orders and backorders that need staff, and addresses to erase."""

from django.utils.translation import gettext_lazy as _

from storefront.dashboard.inbox.rule import NO_AMOUNT, InboxRule, rule_maker
from storefront.sales_channels.models import OrderProblem

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
STORE_ORDERS = (
    # A problem of an order that waits, or of one that ours no longer follows.
    InboxRule(
        code="store_order_problem",
        sentence=_("Order of a store needs a decision"),
        page="sales_channels_remoteorderrecord",
        sql="""
            SELECT r.id, coalesce(nullif(r.name, ''), r.external_id) AS name,
                   r.problem_since AS since, r.total_amount AS amount, r.currency,
                   r.problem AS detail
            FROM sales_channels_remoteorderrecord r
            WHERE r.problem NOT IN ('', 'payment_pending') AND r.status <> 'refused'
        """,
        format_detail=lambda problem: str(OrderProblem(problem).label),
    ),
    InboxRule(
        code="store_order_unprocessed",
        sentence=_("Order of a store is not processed"),
        page="sales_channels_remoteorderrecord",
        sql="""
            SELECT r.id, coalesce(nullif(r.name, ''), r.external_id) AS name,
                   r.status_since AS since, r.total_amount AS amount, r.currency, '' AS detail
            FROM sales_channels_remoteorderrecord r
            WHERE r.status IN ('received', 'refusing') AND r.problem = ''
              AND r.status_since < %(now)s - interval '30 minutes'
        """,
    ),
    InboxRule(
        code="store_parcel_unreported",
        sentence=_("Store does not know of a parcel"),
        page="sales_channels_remotefulfillment",
        sql=f"""
            SELECT f.id, p.carrier || ' ' || p.number AS name, p.status_since AS since,
                   {NO_AMOUNT}, f.problem AS detail
            FROM sales_channels_remotefulfillment f
            JOIN shipping_parcel p ON p.id = f.parcel_id
            WHERE f.problem <> '' OR (f.external_id = ''
              AND p.status_since < %(now)s - interval '2 hours')
        """,  # noqa: S608 - all parts are written in this file
    ),
)
ORDERS = (
    *STORE_ORDERS,
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
