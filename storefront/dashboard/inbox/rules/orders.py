"""Order rules: find orders that need staff, and suppliers to ask to erase an address."""

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
    _order(
        "order_late",
        _("Delivery overdue"),
        "o.status = 'processing' AND o.arrives_to < (%(now)s)::date",
        since="arrives_to::timestamptz",
    ),
)
