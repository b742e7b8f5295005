"""Purchase order rules: find purchase orders that a supplier or we did not handle in time."""

from django.utils.translation import gettext_lazy as _

from storefront.dashboard import sql_conditions
from storefront.dashboard.inbox import hold_reasons
from storefront.dashboard.inbox.rule import InboxRule, rule_maker

_PURCHASE = """
    SELECT po.id, po.number AS name, po.{since} AS since, po.customer_charge_amount AS amount,
           po.currency, {detail} AS detail
    FROM orders_purchaseorder po JOIN suppliers_supplier s ON s.id = po.supplier_id
    WHERE {condition}
"""


_purchase = rule_maker(
    "orders_purchaseorder", _PURCHASE, detail="po.problem", since="submission_status_since"
)
PURCHASE_ORDERS = (
    _purchase(
        "purchase_order_on_hold",
        _("Purchase order on hold"),
        "po.status = 'on_hold'",
        since="status_since",
        detail="po.hold_reasons::text",
        format_detail=hold_reasons.as_text,
    ),
    _purchase(
        "submission_unconfirmed",
        _("Submission unconfirmed: the supplier may or may not have the order"),
        "po.submission_status = 'submit_unknown'"
        " AND po.submission_status_since < %(now)s - interval '2 minutes'",
    ),
    _purchase(
        "submission_failed",
        _("Purchase order could not be submitted"),
        "po.submission_status = 'submit_failed' AND po.status NOT IN ('canceled', 'on_hold') AND"
        " (po.failures >= 5 OR po.attempts >= 20"
        " OR po.submission_status_since < %(now)s - interval '1 hour')",
    ),
    InboxRule(
        code="submission_late",
        sentence=_("Purchase order submission is overdue"),
        page="orders_purchaseorder",
        sql="""
            SELECT po.id, po.number AS name, coalesce(po.submit_at, po.status_since) AS since,
                   po.customer_charge_amount AS amount, po.currency, s.name AS detail
            FROM orders_purchaseorder po
            JOIN suppliers_supplier s ON s.id = po.supplier_id
            JOIN orders_order o ON o.id = po.order_id AND o.status = 'processing'
            WHERE po.submission_status = 'unsubmitted' AND po.status IN ('draft', 'ready')
              AND po.cancel_requested_at IS NULL
              AND coalesce(po.submit_at, po.status_since) < %(now)s - interval '15 minutes'
        """,
    ),
    _purchase(
        "purchase_order_blocked_by_supplier",
        _("On hold at the supplier"),
        "po.status <> 'canceled' AND po.submission_status = 'submitted' AND po.problem <> ''",
    ),
    _purchase(
        "acknowledgement_late",
        _("Supplier confirmation overdue"),
        "po.status <> 'canceled' AND (po.submission_status = 'backordered'"
        " OR po.submission_status = 'submitted' AND po.problem = ''"
        " OR po.submission_status = 'cancellation_rejected' AND po.accepted_at IS NULL)"
        " AND po.submission_status_since < %(now)s - make_interval(mins => s.acknowledge_within_min)",
        detail="s.name",
    ),
    _purchase(
        "cancellation_unanswered",
        _("Supplier has not answered the cancellation request"),
        "po.submission_status = 'cancellation_requested' AND po.cancellation_channel = ''"
        " AND po.submission_status_since < %(now)s - interval '1 hour'"
        f" OR {sql_conditions.NOT_REQUESTED}",
        detail="s.name",
    ),
    _purchase(
        "cancellation_to_request",
        _("Ask the supplier to cancel the order"),
        sql_conditions.UNCONFIRMED,
        since=sql_conditions.UNCONFIRMED_SINCE,
        detail="s.name",
    ),
    _purchase(
        "canceled_but_active",
        _("Supplier did not process the cancellation"),
        f"{sql_conditions.UNDECIDED} AND NOT {sql_conditions.SHIPPED}",
    ),
    _purchase(
        "canceled_but_shipped",
        _("Supplier shipped a canceled order"),
        f"{sql_conditions.UNDECIDED} AND {sql_conditions.SHIPPED}",
    ),
    _purchase(
        "shipment_late",
        _("Shipment overdue"),
        "po.status = 'in_progress' AND po.accepted_at"
        " < %(now)s - make_interval(days => s.lead_days + 2)",
        since="accepted_at + make_interval(days => s.lead_days + 2)",
        detail="s.name",
    ),
    _purchase(
        "partial_shipment_late",
        _("Rest of a partial shipment overdue"),
        "po.status = 'partially_shipped' AND po.status_since"
        " < %(now)s - make_interval(days => s.lead_days + 2)",
        since="status_since",
        detail="s.name",
    ),
    InboxRule(
        code="extra_charge",
        sentence=_("Supplier raised the price after confirming"),
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
)
