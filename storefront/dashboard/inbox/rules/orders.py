"""Order rules: find orders and backorders that need staff, silent channels, addresses to erase."""

from django.utils.translation import gettext
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
        reads_history=True,
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

# Silent channels

# Is the gap since a channel's last paid order chance? Orders of an hour of the week are taken as a
# Poisson process: a gap in which L orders are expected has the probability exp(-L). A channel with
# n orders a week has 52 n gaps a year, so L > ln(52 n) is one false alarm a year at most. L is the
# mean number of orders in the same hours of ``WEEKS`` weeks, without the strongest week, lowered if
# the last week was weak. With fewer than ``MIN_PER_WEEK`` orders a week the rule says nothing.
WEEKS = 8
MIN_PER_WEEK = 20
MAX_GAP = "interval '7 days'"  # a longer gap is judged as if it were this long
TIME_TO_PAY = "interval '15 minutes'"  # an order of this time may still wait for its payment
_PAID = "o.channel_id = c.id AND o.status NOT IN ('pending_payment', 'expired', 'canceled')"
SILENCE = (
    InboxRule(
        code="orders_silent",
        sentence=_("No orders for an unusually long time"),
        page="catalog_channel",
        sql=f"""
            SELECT c.id, c.name, last.at AS since, round(usual.orders * c.average, 2) AS amount,
                   c.currency, round(usual.orders)::text AS detail
            FROM (
                SELECT h.id, h.name, h.currency, sum(d.orders) / {WEEKS}.0 AS per_week,
                       sum(d.revenue) / sum(d.orders) AS average
                FROM catalog_channel h
                JOIN dashboard_dailyfigures d ON d.channel_id = h.id AND d.supplier_id IS NULL
                  AND d.currency = h.currency AND d.day < (%(now)s)::date
                  AND d.day >= (%(now)s)::date - {7 * WEEKS}
                GROUP BY h.id HAVING sum(d.orders) >= {WEEKS * MIN_PER_WEEK} OFFSET 0
            ) c
            CROSS JOIN LATERAL (
                SELECT o.placed_at AS at FROM orders_order o
                WHERE {_PAID} AND o.placed_at > %(now)s - interval '{WEEKS + 1} weeks'
                ORDER BY o.placed_at DESC LIMIT 1 OFFSET 0
            ) last
            CROSS JOIN LATERAL (
                SELECT coalesce(sum(d.orders), 0) AS orders FROM dashboard_dailyfigures d
                WHERE d.channel_id = c.id AND d.supplier_id IS NULL AND d.currency = c.currency
                  AND d.day < last.at::date AND d.day >= last.at::date - 7
            ) recent
            CROSS JOIN LATERAL (
                SELECT (sum(week.orders) - max(week.orders)) / {WEEKS - 1}.0
                       * least(1, recent.orders / c.per_week) AS orders
                FROM generate_series(1, {WEEKS}) back (weeks)
                CROSS JOIN LATERAL (
                    SELECT count(*) AS orders FROM orders_order o
                    WHERE {_PAID}
                      AND o.placed_at > greatest(last.at, %(now)s - {MAX_GAP})
                          - back.weeks * interval '7 days'
                      AND o.placed_at <= %(now)s - {TIME_TO_PAY} - back.weeks * interval '7 days'
                ) week
            ) usual
            WHERE usual.orders > ln(52 * c.per_week)
        """,  # noqa: S608 - made of constants
        format_detail=lambda orders: (
            gettext("%(orders)s orders are usual in this time") % {"orders": orders}
        ),
    ),
)
