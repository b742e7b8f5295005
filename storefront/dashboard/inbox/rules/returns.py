"""Return rules: find customer returns, and returns to suppliers, that need staff."""

from django.utils.translation import gettext_lazy as _

from storefront.dashboard.inbox.rule import InboxRule, rule_maker

# Purchase orders are read one by one: returns are few, and purchase orders many.
_RETURN = """
    SELECT r.id, r.number AS name, r.{since} AS since, {money}, s.name AS detail
    FROM orders_returnauthorization r
    CROSS JOIN LATERAL (
        SELECT p.supplier_id, p.status, p.status_since FROM orders_purchaseorder p
        WHERE p.id = r.purchase_order_id OFFSET 0) po
    JOIN suppliers_supplier s ON s.id = po.supplier_id
    WHERE {condition}
"""
_RMA = """
    SELECT m.id, m.number AS name, m.status_since AS since, m.expected_amount AS amount,
           m.currency, s.name AS detail
    FROM orders_supplierreturn m
    JOIN orders_purchaseorder po ON po.id = m.purchase_order_id
    JOIN suppliers_supplier s ON s.id = po.supplier_id
    WHERE {condition}
"""
# What the customer paid for the returned items.
_PAID_AMOUNT = """(SELECT sum(round((l.line_amount - l.discount_amount + l.additional_tax_amount)
                        * rl.quantity / l.quantity, 2))
             FROM orders_returnline rl JOIN orders_orderline l ON l.id = rl.order_line_id
             WHERE rl.authorization_id = r.id) AS amount, r.currency"""
# What the items cost us, which their supplier may credit.
_COST = """(SELECT sum(pl.agreed_cost_amount * rl.accepted_quantity)
            FROM orders_returnline rl
            JOIN orders_purchaseline pl ON pl.purchase_order_id = r.purchase_order_id
                AND pl.order_line_id = rl.order_line_id AND pl.is_active
            WHERE rl.authorization_id = r.id) AS amount,
           (SELECT min(pl.cost_currency) FROM orders_purchaseline pl
            WHERE pl.purchase_order_id = r.purchase_order_id AND pl.is_active) AS currency"""
# A day after ``orders.returns.authorizations.find_overdue`` should have closed the return.
_OVERDUE = """r.status = 'needs_evidence' AND r.status_since < %(now)s - interval '31 days'
    OR r.status IN ('approved', 'label_issued') AND (
        r.ship_by < (%(now)s)::date - 15
        OR r.ship_by IS NULL AND r.address <> '' AND r.destination <> 'nowhere'
           AND r.status_since < %(now)s - interval '91 days')"""
_REFUND_WITHOUT_RETURN = "r.status = 'approved' AND r.destination = 'nowhere'"
_SHIPPED_WITH_TRACKING = "r.status IN ('in_transit', 'lost_in_transit') AND r.tracking_number <> ''"
_HAS_LABEL = "EXISTS (SELECT 1 FROM orders_returnlabel l WHERE l.authorization_id = r.id"
_POLICY = """coalesce(
    (SELECT p.id FROM orders_returnpolicy p WHERE p.supplier_id = po.supplier_id),
    (SELECT p.id FROM orders_returnpolicy p WHERE p.supplier_id IS NULL))"""

_INSPECTED_AT = """coalesce(
    (SELECT max(c.at) FROM lib_statuschange c WHERE c.subject = 'orders.ReturnAuthorization'
     AND c.subject_id = r.id AND c.status_field = 'status' AND c.to_status = 'inspected'),
    r.status_since)"""
_LAST_DAY = f"""%(now)s - interval '1 day' * (
    SELECT p.return_window_days FROM orders_returnpolicy p WHERE p.id = {_POLICY})"""  # noqa: S608 - made of constants
# As ``returns.supplier_returns.is_accepted``: the supplier's warranty for broken or wrong items, if
# it gives one.
_WARRANTED = """(po.status <> 'closed' OR r.opened_at::date
    <= (po.status_since::date + make_interval(months => p.warranty_months::int))::date)"""
_SUPPLIER_TAKES_BACK = f"""EXISTS (
    SELECT 1 FROM orders_returnpolicy p WHERE p.id = {_POLICY}
    AND CASE WHEN r.kind = 'withdrawal' OR p.warranty_months IS NULL THEN p.accepts_returns
        ELSE {_WARRANTED} END)"""  # noqa: S608 - made of constants
_WARRANTY_ENDED = f"""EXISTS (
    SELECT 1 FROM orders_returnpolicy p WHERE p.id = {_POLICY}
    AND p.warranty_months IS NOT NULL AND NOT {_WARRANTED})"""  # noqa: S608 - made of constants
# Received items that were not claimed from the supplier yet.
_RETURNABLE_TO_SUPPLIER = """r.status IN ('inspected', 'refunded', 'exchanged') AND r.destination <> 'nowhere'
    AND NOT EXISTS (SELECT 1 FROM orders_supplierreturn m WHERE m.authorization_id = r.id)
    AND EXISTS (
        SELECT 1 FROM orders_returnline rl
        JOIN orders_purchaseline pl ON pl.purchase_order_id = r.purchase_order_id
            AND pl.order_line_id = rl.order_line_id AND pl.is_active
        WHERE rl.authorization_id = r.id AND rl.accepted_quantity > 0
        AND rl.received_quantity > 0 AND rl.condition <> 'missing'
        AND pl.quantity > (
            SELECT coalesce(sum(cl.quantity), 0) FROM orders_supplierclaimline cl
            JOIN orders_supplierclaim c ON c.id = cl.claim_id
            WHERE cl.purchase_line_id = pl.id AND c.status NOT IN ('denied', 'canceled')))"""

# Captured money of an order, less deductions and requested refunds.
_NOT_REFUNDED = """(
    SELECT coalesce(sum(p.captured_amount), 0) - coalesce(sum((
        SELECT sum(e.amount) FROM orders_paymentevent e
        WHERE e.payment_id = p.id AND e.kind = 'refund_requested')), 0)
        - (SELECT coalesce(sum(rl.deduction_amount), 0) FROM orders_returnline rl
           JOIN orders_returnauthorization r ON r.id = rl.authorization_id
           WHERE r.order_id = o.id AND r.status = 'refunded')
        - (SELECT coalesce(sum(r.label_amount), 0) FROM orders_returnauthorization r
           WHERE r.order_id = o.id)
    FROM orders_payment p WHERE p.order_id = o.id AND p.dispute_status IN ('none', 'won'))"""


_return = rule_maker(
    "orders_returnauthorization", _RETURN, since="status_since", money=_PAID_AMOUNT
)
_rma = rule_maker("orders_supplierreturn", _RMA)
RETURNS = (
    _return("return_requested", _("Return request needs an answer"), "r.status='requested'"),
    _return("return_overdue", _("Return not closed automatically"), _OVERDUE),
    _return(
        "return_without_address",
        _("Send return instructions to the customer"),
        "r.status = 'approved' AND r.destination <> 'nowhere' AND r.address = ''",
    ),
    _return(
        "return_label_failed",
        _("Return label could not be bought: buy another one, or send return instructions"),
        f"r.status = 'approved' AND {_HAS_LABEL} AND l.status = 'failed')",
    ),
    _return(
        "return_label_late",
        _("Return label is not bought after an hour, or not voided after three days"),
        f"{_HAS_LABEL} AND (l.status = 'requested' AND l.requested_at < %(now)s - interval '1 hour'"
        " OR l.status = 'void_requested' AND l.status_since < %(now)s - interval '3 days'))",
    ),
    _return("return_to_inspect", _("Inspect returned items"), "r.status = 'received'"),
    _return(
        "return_to_refund",
        _("Refund or reject a return"),
        f"r.status = 'inspected' OR {_REFUND_WITHOUT_RETURN}",
    ),
    _return(
        "withdrawal_refund_due",
        _("Withdrawal refund due within 14 days"),
        "r.kind = 'withdrawal' AND r.opened_at < %(now)s - interval '7 days'"
        f" AND (r.status IN ('received', 'inspected') OR {_REFUND_WITHOUT_RETURN} OR {_SHIPPED_WITH_TRACKING})",
        since="opened_at",
    ),
    _return(
        "return_in_transit_long",
        _("Return in transit for three weeks"),
        "r.status = 'in_transit' AND r.status_since < %(now)s - interval '21 days'",
    ),
    _return("return_lost", _("Return lost in transit"), "r.status = 'lost_in_transit'"),
    _return(
        "exchange_not_possible",
        _("No replacement available: refund the return"),
        "r.status = 'exchanged' AND (SELECT bool_or(l.canceled_quantity > 0)"
        " AND bool_and(l.quantity <= l.canceled_quantity + l.shipped_quantity)"
        " FROM orders_orderline l WHERE l.order_id = r.replacement_id)",
    ),
    _return(
        "return_to_supplier",
        _("Return items to the supplier"),
        f"{_RETURNABLE_TO_SUPPLIER} AND {_SUPPLIER_TAKES_BACK} AND {_INSPECTED_AT} > {_LAST_DAY}",
        money=_COST,
        reads_history=True,
    ),
    _return(
        "return_to_supplier_late",
        _("Supplier's return period has ended: ask the supplier, or write the items off"),
        f"{_RETURNABLE_TO_SUPPLIER} AND {_SUPPLIER_TAKES_BACK} AND {_INSPECTED_AT} <= {_LAST_DAY}",
        money=_COST,
        reads_history=True,
    ),
    _return(
        "refunded_return_missing",
        _("Refunded return not received after three weeks"),
        """r.status = 'refunded' AND r.destination <> 'nowhere'
        AND r.status_since BETWEEN %(now)s - interval '60 days' AND %(now)s - interval '21 days'
        AND NOT EXISTS (SELECT 1 FROM orders_returnline rl
                        WHERE rl.authorization_id = r.id AND rl.received_quantity > 0)
        AND NOT EXISTS (SELECT 1 FROM lib_statuschange c WHERE c.subject_id = r.id
                        AND c.subject = 'orders.ReturnAuthorization' AND c.status_field = 'status'
                        AND c.to_status = 'lost_in_transit')""",
    ),
    _return(
        "return_to_claim",
        _("Settled without a return of the items: open a supplier claim"),
        f"""r.status IN ('refunded', 'exchanged') AND r.destination = 'nowhere'
        AND NOT {_WARRANTY_ENDED}
        AND r.kind <> 'withdrawal' AND r.status_since > %(now)s - interval '30 days'
        AND NOT EXISTS (SELECT 1 FROM orders_supplierclaim c
                        WHERE c.purchase_order_id = r.purchase_order_id)""",  # noqa: S608 - made of constants
    ),
    InboxRule(
        code="delivery_refund_due",
        sentence=_("Order fully returned or canceled: refund the delivery cost"),
        page="orders_order",
        sql=f"""
            SELECT o.id, o.number AS name, back.since, {_NOT_REFUNDED} AS amount, o.currency,
                   '' AS detail
            FROM (
                SELECT r.order_id, max(r.status_since) AS since
                FROM orders_returnauthorization r
                WHERE r.status IN ('refunded', 'exchanged')
                GROUP BY r.order_id
                HAVING sum(r.delivery_amount) = 0
                   AND NOT bool_or(r.status = 'exchanged' OR r.replacement_id IS NOT NULL)
            ) back
            JOIN orders_order o ON o.id = back.order_id
            WHERE o.delivery_amount > 0 AND {_NOT_REFUNDED} > 0
              AND NOT EXISTS (SELECT 1 FROM orders_orderline l WHERE l.order_id = o.id
                              AND l.quantity > l.canceled_quantity + l.returned_quantity)
        """,  # noqa: S608 - made of constants
        reads_history=True,
    ),
    _rma(
        "supplier_return_pending",
        _("Return to supplier needs the next step"),
        "m.status IN ('draft', 'authorized')",
    ),
    _rma(
        "supplier_return_unanswered",
        _("No supplier answer about a return for two weeks"),
        "m.status IN ('requested', 'shipped', 'received')"
        " AND m.status_since < %(now)s - interval '14 days'",
    ),
    _rma(
        "supplier_return_disputed",
        _("Supplier refuses credit for returned items"),
        "m.status='disputed'",
    ),
)
