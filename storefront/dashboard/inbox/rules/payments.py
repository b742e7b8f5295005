"""Payment rules: find refused payment calls, expiring authorizations, disputes, bills to settle."""

from django.utils.translation import gettext_lazy as _

from orders.models import Discrepancy, PaymentEvent
from storefront.dashboard.inbox.rule import NO_AMOUNT, InboxRule, rule_maker, simple_rule
from storefront.dashboard.sql_conditions import DUE_SINCE

_PAYMENT = """
    SELECT p.id, o.number AS name, {since} AS since, {amount} AS amount, p.currency,
           {detail} AS detail
    FROM orders_payment p JOIN orders_order o ON o.id = p.order_id {join}
    WHERE {condition}
"""


_payment = rule_maker(
    "orders_payment", _PAYMENT, since="p.status_since", detail="p.problem", join=""
)
PAYMENTS = (
    _payment(
        "authorization_expires",
        _("Payment authorization expires within a day"),
        "p.status = 'authorized' AND p.capture_before < %(now)s + interval '1 day'"
        " AND p.authorized_amount > p.captured_amount + p.voided_amount",
        amount="p.authorized_amount - p.captured_amount - p.voided_amount",
        since="p.capture_before - interval '1 day'",
    ),
    _payment(
        "payment_request_refused",
        _("Payment gateway rejected a request"),
        "e.kind = 'refused' AND NOT EXISTS (SELECT 1 FROM orders_paymentevent later"
        " WHERE later.payment_id = p.id AND later.kind = request.kind AND later.id > e.id)",
        join="JOIN orders_paymentevent e ON e.payment_id = p.id"
        " JOIN orders_paymentevent request ON request.id = e.answers_id",
        amount="request.amount",
        since="e.received_at",
        detail="replace(request.kind, '_', ' ') || ': ' || e.reason",
    ),
    _payment(
        "payment_request_unanswered",
        _("Payment gateway does not respond"),
        f"request.is_pending AND {DUE_SINCE} < %(now)s - interval '10 minutes'",
        join="JOIN orders_paymentevent request ON request.payment_id = p.id",
        amount="request.amount",
        since=DUE_SINCE,
        detail="request.kind",
        format_detail=lambda kind: str(PaymentEvent.Kind(kind).label),
    ),
    _payment(
        "canceled_order_charged",
        _("Canceled order not fully refunded"),
        "o.status IN ('canceled', 'expired') AND p.captured_amount > p.refunded_amount"
        " AND o.status_since < %(now)s - interval '10 minutes'",
        amount="p.captured_amount - p.refunded_amount",
        since="o.status_since",
        reads_history=True,
    ),
    _payment(
        "payment_disputed",
        _("Payment disputed (chargeback)"),
        "p.dispute_status = 'charged_back'",
        amount="p.captured_amount - p.refunded_amount",
        since="p.dispute_status_since",
        detail="(SELECT e.reason FROM orders_paymentevent e WHERE e.payment_id = p.id"
        " AND e.kind = 'disputed' ORDER BY e.id DESC LIMIT 1)",
    ),
    _payment(
        "refund_returned",
        _("Refund failed"),
        "e.kind = 'refund_failed' AND NOT EXISTS (SELECT 1 FROM orders_paymentevent later"
        " WHERE later.payment_id = p.id AND later.kind = 'refund_requested' AND later.id > e.id)",
        join="JOIN orders_paymentevent e ON e.payment_id = p.id",
        amount="e.amount",
        since="e.received_at",
        detail="e.reason",
    ),
    InboxRule(
        code="reconciliation_difference",
        sentence=_("Payment mismatch"),
        page="orders_discrepancy",
        sql="""
            SELECT d.id, coalesce(po.number, o.number, d.reference) AS name,
                   d.first_seen_at AS since,
                   abs(CASE WHEN d.currency = d.found_currency THEN coalesce(d.found_amount, 0)
                       - coalesce(d.expected_amount, 0) ELSE d.found_amount END) AS amount,
                   d.currency, d.kind AS detail
            FROM orders_discrepancy d
            LEFT JOIN orders_order o ON o.id = d.order_id
            LEFT JOIN orders_purchaseorder po ON po.id = d.purchase_order_id
            WHERE d.status = 'open'
        """,
        format_detail=lambda kind: str(Discrepancy.Kind(kind).label) if kind else "",
    ),
    simple_rule(
        "supplier_bill_overdue",
        _("Supplier invoice is overdue"),
        "orders_supplierinvoice",
        # UTC, as the due date
        "d.id, d.reference AS name, (d.due_on + 1)::timestamp AT TIME ZONE 'UTC' AS since,"
        " d.open_amount AS amount, d.currency, s.name AS detail FROM orders_supplierinvoice d"
        " JOIN suppliers_supplier s ON s.id = d.supplier_id",
        "d.withdrawn_at IS NULL AND d.open_amount > 0"
        " AND d.due_on < (%(now)s AT TIME ZONE 'UTC')::date",
    ),
    simple_rule(
        "supplier_bill_overpaid",
        _("Supplier invoice is overpaid"),
        "orders_supplierinvoice",
        "d.id, d.reference AS name, coalesce(d.withdrawn_at, d.received_at) AS since,"
        " CASE WHEN d.withdrawn_at IS NULL THEN -d.open_amount ELSE d.paid_amount END AS amount,"
        " d.currency, s.name AS detail FROM orders_supplierinvoice d"
        " JOIN suppliers_supplier s ON s.id = d.supplier_id",
        "d.paid_amount > 0 AND (d.withdrawn_at IS NOT NULL OR d.open_amount < 0)",
    ),
    simple_rule(
        "reconciliation_late",
        _("Daily reconciliation is overdue"),
        "orders_reconciliationrun",
        f"d.id, d.day::text AS name, d.ends_at AS since, {NO_AMOUNT}, d.problem AS detail"
        " FROM orders_reconciliationrun d",
        "d.status IN ('open', 'running') AND d.ends_at < %(now)s - interval '12 hours'",
    ),
)
