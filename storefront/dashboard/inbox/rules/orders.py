"""Order rules: find orders and purchase orders that need staff, list the rules of all modules."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from notifications import labels
from storefront.dashboard import sql
from storefront.dashboard.inbox import hold_reasons, value_at_risk
from storefront.dashboard.inbox.rule import NO_MONEY, Cause, plain
from storefront.dashboard.inbox.rules.background_jobs import QUEUES
from storefront.dashboard.inbox.rules.backorders import SETBACKS
from storefront.dashboard.inbox.rules.claims import CLAIMS
from storefront.dashboard.inbox.rules.parcels import PARCELS
from storefront.dashboard.inbox.rules.payments import MONEY
from storefront.dashboard.inbox.rules.prices import PRICES
from storefront.dashboard.inbox.rules.returns import RETURNS
from storefront.dashboard.inbox.rules.stock import STOCK
from storefront.dashboard.inbox.rules.supplier_compliance import VETTING
from suppliers.runs import issue_labels

# What was paid for what is sold from a shelf, and not in its figure yet.
_SOLD = f"""LEFT JOIN LATERAL (
    SELECT d.currency, sum({value_at_risk.PAID}) AS amount
    FROM orders_allocation a JOIN orders_orderline i ON i.id = a.line_id
    JOIN orders_order d ON d.id = i.order_id
    WHERE a.level_id = l.id AND a.status = 'unseen'
    GROUP BY 1 ORDER BY 2 DESC LIMIT 1) sold ON true"""  # noqa: S608 - made of constants
_PURCHASE = """
    SELECT po.id, po.number AS name, po.{since} AS since, po.charge_amount AS amount,
           po.currency, {detail} AS detail
    FROM orders_purchaseorder po JOIN suppliers_supplier s ON s.id = po.supplier_id
    WHERE {condition}
"""


def _purchase(  # noqa: PLR0913 - one query in its parts
    code: str,
    sentence: str | Promise,
    condition: str,
    *,
    detail: str = "po.problem",
    since: str = "request_status_since",
    told: Callable[[str], str] = str,
) -> Cause:
    sql = _PURCHASE.format(condition=condition, detail=detail, since=since)
    return Cause(code=code, sentence=sentence, page="orders_purchaseorder", sql=sql, told=told)


def _order(code: str, sentence: str | Promise, condition: str, *, since: str) -> Cause:
    sql = f"""
        SELECT o.id, o.number AS name, o.{since} AS since, o.total_amount AS amount, o.currency,
               o.hold_reason AS detail
        FROM orders_order o WHERE {condition}
    """  # noqa: S608 - all parts are written in this file
    return Cause(code=code, sentence=sentence, page="orders_order", sql=sql)


CAUSES = (
    # People
    Cause(
        code="address_to_erase",
        sentence=_("Ask the supplier to erase a shopper's address"),
        page="orders_suppliertoask",
        sql=f"""
            SELECT f.id, po.number AS name, f.since, {NO_MONEY}, s.name AS detail
            FROM orders_suppliertoask f
            JOIN orders_purchaseorder po ON po.id = f.purchase_order_id
            JOIN suppliers_supplier s ON s.id = po.supplier_id
            WHERE f.asked_at IS NULL
        """,  # noqa: S608 - all parts are written in this file
    ),
    # Purchase orders
    _purchase(
        "purchase_held",
        _("Purchase order is held back"),
        "po.status = 'on_hold'",
        since="status_since",
        detail="po.hold_reasons::text",
        told=hold_reasons.told,
    ),
    _purchase(
        "purchase_unknown",
        _("Nobody knows whether the supplier has it"),
        "po.request_status = 'submit_unknown'"
        " AND po.request_status_since < %(now)s - interval '2 minutes'",
    ),
    _purchase(
        "purchase_not_sent",
        _("Cannot be sent to the supplier"),
        "po.request_status = 'submit_failed' AND po.status NOT IN ('canceled', 'on_hold') AND"
        " (po.failures >= 5 OR po.attempts >= 20"
        " OR po.request_status_since < %(now)s - interval '1 hour')",
    ),
    Cause(
        code="purchase_missed",
        sentence=_("Should have gone to the supplier by now"),
        page="orders_purchaseorder",
        sql="""
            SELECT po.id, po.number AS name, coalesce(po.goes_at, po.status_since) AS since,
                   po.charge_amount AS amount, po.currency, s.name AS detail
            FROM orders_purchaseorder po
            JOIN suppliers_supplier s ON s.id = po.supplier_id
            JOIN orders_order o ON o.id = po.order_id AND o.status = 'processing'
            WHERE po.request_status = 'unsubmitted' AND po.status IN ('draft', 'ready')
              AND po.cancel_wanted_at IS NULL
              AND coalesce(po.goes_at, po.status_since) < %(now)s - interval '15 minutes'
        """,
    ),
    _purchase(
        "purchase_refused_late",
        _("Supplier refuses what is on its way"),
        "po.request_status = 'rejected' AND po.status <> 'canceled'",
    ),
    _purchase(
        "purchase_silent",
        _("Supplier has not confirmed in time"),
        "po.status <> 'canceled' AND (po.request_status IN ('submitted', 'backordered')"
        " OR po.request_status = 'cancellation_rejected' AND po.accepted_at IS NULL)"
        " AND po.request_status_since < %(now)s - make_interval(mins => s.acknowledge_within_min)",
        detail="s.name",
    ),
    _purchase(
        "purchase_cancel_silent",
        _("Supplier has not said whether he can cancel"),
        "po.request_status = 'cancellation_requested' AND po.stop_told_by = ''"
        " AND po.request_status_since < %(now)s - interval '1 hour'"
        f" OR {sql.UNTOLD}",
        detail="s.name",
    ),
    _purchase(
        "purchase_to_stop",
        _("Ask the supplier to stop it"),
        sql.ASKED,
        since=sql.UNCONFIRMED_SINCE,
        detail="s.name",
    ),
    _purchase(
        "purchase_kept",
        _("Supplier has what we canceled"),
        f"{sql.UNDECIDED} AND NOT {sql.SHIPPED}",
    ),
    _purchase(
        "purchase_stray",
        _("Supplier shipped what we canceled"),
        f"{sql.UNDECIDED} AND {sql.SHIPPED}",
    ),
    _purchase(
        "purchase_not_shipped",
        _("Supplier has not shipped in time"),
        "po.status = 'in_progress' AND po.accepted_at"
        " < %(now)s - make_interval(days => s.lead_days + 2)",
        since="accepted_at + make_interval(days => s.lead_days + 2)",
        detail="s.name",
    ),
    _purchase(
        "purchase_rest_due",
        _("Supplier has not shipped the rest in time"),
        "po.status = 'partially_shipped' AND po.status_since"
        " < %(now)s - make_interval(days => s.lead_days + 2)",
        since="status_since",
        detail="s.name",
    ),
    Cause(
        code="purchase_charge",
        sentence=_("Supplier wants more money for what he accepted"),
        page="orders_purchaseorder",
        sql="""
            SELECT po.id, po.number AS name, m.at AS since,
                   (nullif(m.body->>'amount', ''))::numeric AS amount,
                   coalesce(m.body->>'currency', '') AS currency, m.body->>'reason' AS detail
            FROM orders_purchasemessage m
            JOIN orders_purchaseorder po ON po.id = m.purchase_order_id
            WHERE m.kind = 'charge' AND m.body->>'reason' <> ''
              AND po.status NOT IN ('canceled', 'closed')
              AND NOT EXISTS (SELECT 1 FROM orders_purchasemessage later
                              WHERE later.purchase_order_id = po.id AND later.kind = 'charge'
                                AND later.id > m.id)
        """,
    ),
    *SETBACKS,
    *CLAIMS,
    *RETURNS,
    *MONEY,
    # Orders
    _order("order_held", _("Order is on hold"), "o.status = 'on_hold'", since="status_since"),
    _order(
        "order_undivided",
        _("Paid, and not passed on to a supplier"),
        "o.status = 'placed' AND o.status_since < %(now)s - interval '10 minutes'",
        since="status_since",
    ),
    _order(
        "order_unpaid",
        _("Unpaid, and still holds stock"),
        "o.status = 'pending_payment' AND o.pay_before < %(now)s - interval '10 minutes'",
        since="pay_before",
    ),
    _order(
        "order_late",
        _("Should have arrived by now"),
        "o.status = 'processing' AND o.arrives_to < (%(now)s)::date",
        since="arrives_to::timestamptz",
    ),
    *PARCELS,
    # Supply
    plain(
        "run_quarantined",
        _("Feed is not believable"),
        "suppliers_feedrun",
        f"r.id, s.name || ': ' || r.kind AS name, r.started_at AS since, {NO_MONEY},"
        " r.problem AS detail"
        " FROM suppliers_feedrun r JOIN suppliers_supplier s ON s.id = r.supplier_id",
        "r.status = 'quarantined'",
    ),
    plain(
        "run_failed",
        _("Sync fails"),
        "suppliers_feedrun",
        f"r.id, s.name || ': ' || r.kind AS name, r.started_at AS since, {NO_MONEY},"
        " r.problem AS detail"
        " FROM suppliers_feedrun r JOIN suppliers_supplier s ON s.id = r.supplier_id",
        "r.status = 'failed' AND NOT EXISTS (SELECT 1 FROM suppliers_feedrun later"
        " WHERE later.supplier_id = r.supplier_id AND later.kind = r.kind AND later.id > r.id)",
    ),
    plain(
        "feed_issues",
        _("Rows of a feed are refused"),
        "suppliers_feedissue",
        f"min(i.id) AS id, i.code AS name, min(r.started_at) AS since, {NO_MONEY},"
        " count(*) || ' ×' AS detail"
        " FROM suppliers_feedissue i JOIN suppliers_feedrun r ON r.id = i.first_run_id",
        "i.resolved_at IS NULL AND i.severity = 'error' GROUP BY i.code",
        filters="code__exact={name}&severity__exact=error&resolved_at__isempty=1",
        named=issue_labels.said,
    ),
    plain(
        "stock_risk",
        _("Sold more than the supplier has"),
        "suppliers_stocklevel",
        "l.id, o.supplier_sku AS name, l.received_at AS since, sold.amount,"
        " coalesce(sold.currency, '') AS currency,"
        " l.reported_quantity || ' < ' || (l.allocated_unseen + l.reserved) AS detail"
        f" FROM suppliers_stocklevel l JOIN suppliers_supplieroffer o ON o.id = l.offer_id {_SOLD}",
        "l.reported_quantity < l.allocated_unseen + l.reserved",
        is_steady=False,
    ),
    *STOCK,
    *PRICES,
    *QUEUES,
    plain(
        "pictures",
        _("Pictures cannot be fetched"),
        "catalog_image",
        f"min(x.id) AS id, x.problem AS name, min(p.created_at) AS since, {NO_MONEY},"
        " count(*) || ' ×' AS detail"
        " FROM catalog_image x JOIN catalog_product p ON p.id = x.product_id",
        "x.stem = '' AND x.problem <> '' AND x.try_after IS NULL GROUP BY x.problem",
        filters="stem__isempty=1&problem__isempty=0&q=",
    ),
    *VETTING,
    # News in and out
    plain(
        "call_failed",
        _("A call to us was not understood"),
        "hooks_inboundcall",
        f"c.id, c.source || ' ' || c.external_id AS name, c.received_at AS since, {NO_MONEY},"
        " c.problem AS detail FROM hooks_inboundcall c",
        "c.status = 'failed' OR (c.status = 'received'"
        " AND c.received_at < %(now)s - interval '10 minutes')",
    ),
    plain(
        "message_dead",
        _("A message could not be delivered"),
        "notifications_delivery",
        f"d.id, d.template || ' → ' || d.recipient AS name, d.status_since AS since, {NO_MONEY},"
        " d.problem AS detail FROM notifications_delivery d",
        "d.status = 'dead' OR (d.status = 'delivering'"
        " AND d.status_since < %(now)s - interval '15 minutes')",
        named=labels.named,
    ),
)
