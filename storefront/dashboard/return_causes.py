"""Why a return of a shopper, or goods on their way to a supplier, wait for a person."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from storefront.dashboard.cause import NO_MONEY, Cause

_RETURN = """
    SELECT r.id, r.number AS name, r.{since} AS since, {money}, s.name AS detail
    FROM orders_returnauthorization r
    JOIN orders_purchaseorder po ON po.id = r.purchase_order_id
    JOIN suppliers_supplier s ON s.id = po.supplier_id
    WHERE {condition}
"""
_RMA = """
    SELECT m.id, m.number AS name, m.status_since AS since, m.expected_amount AS amount,
           m.currency, s.name AS detail
    FROM orders_supplierrma m
    JOIN orders_purchaseorder po ON po.id = m.purchase_order_id
    JOIN suppliers_supplier s ON s.id = po.supplier_id
    WHERE {condition}
"""
# What goods cost the shopper who gave them back.
_WORTH = """(SELECT sum(round((l.line_amount - l.discount_amount + l.added_tax_amount)
                        * rl.quantity / l.quantity, 2))
             FROM orders_returnline rl JOIN orders_orderline l ON l.id = rl.order_line_id
             WHERE rl.authorization_id = r.id) AS amount, r.currency"""
_KEPT = "r.status = 'approved' AND r.destination = 'nowhere'"
_PROVEN = "r.status IN ('in_transit', 'lost_in_transit') AND r.tracking_number <> ''"
_POLICY = """coalesce(
    (SELECT p.id FROM orders_returnpolicy p WHERE p.supplier_id = po.supplier_id),
    (SELECT p.id FROM orders_returnpolicy p WHERE p.supplier_id IS NULL))"""


def _return(
    code: str,
    sentence: str | Promise,
    condition: str,
    *,
    since: str = "status_since",
    money: str = NO_MONEY,
) -> Cause:
    sql = _RETURN.format(condition=condition, since=since, money=money)
    return Cause(code=code, sentence=sentence, page="orders_returnauthorization", sql=sql)


def _rma(code: str, sentence: str | Promise, condition: str) -> Cause:
    sql = _RMA.format(condition=condition)
    return Cause(code=code, sentence=sentence, page="orders_supplierrma", sql=sql)


RETURNS = (
    _return("return_asked", _("A shopper waits for an answer to a return"), "r.status='requested'"),
    _return(
        "return_nowhere_to",
        _("Tell a shopper where to send a return"),
        "r.status = 'approved' AND r.destination <> 'nowhere' AND r.address = ''",
    ),
    _return("return_came", _("Look at what a shopper sent back"), "r.status = 'received'"),
    _return(
        "return_to_pay",
        _("Pay for a return, or refuse it"),
        f"r.status = 'inspected' OR {_KEPT}",
        money=_WORTH,
    ),
    _return(
        "return_refund_due",
        _("A withdrawal must be paid back within 14 days"),
        "r.kind = 'withdrawal' AND r.opened_at < %(now)s - interval '7 days'"
        f" AND (r.status IN ('received', 'inspected') OR {_KEPT} OR {_PROVEN})",
        since="opened_at",
        money=_WORTH,
    ),
    _return(
        "return_on_its_way",
        _("A return is on its way for three weeks"),
        "r.status = 'in_transit' AND r.status_since < %(now)s - interval '21 days'",
    ),
    _return(
        "return_lost",
        _("A return was lost on its way"),
        "r.status = 'lost_in_transit'",
        money=_WORTH,
    ),
    _return(
        "return_not_replaced",
        _("A replacement cannot be had: pay the return back"),
        "r.status = 'exchanged' AND (SELECT bool_or(l.canceled_quantity > 0)"
        " AND bool_and(l.quantity <= l.canceled_quantity + l.shipped_quantity)"
        " FROM orders_orderline l WHERE l.order_id = r.replacement_id)",
        money=_WORTH,
    ),
    _return(
        "return_to_send_on",
        _("Give a return back to its supplier"),
        f"""r.status IN ('inspected', 'refunded', 'exchanged') AND r.destination <> 'nowhere'
        AND NOT EXISTS (SELECT 1 FROM orders_supplierrma m WHERE m.authorization_id = r.id)
        AND EXISTS (SELECT 1 FROM orders_returnline rl WHERE rl.authorization_id = r.id
                    AND rl.accepted_quantity > 0 AND rl.received_quantity > 0)
        AND EXISTS (SELECT 1 FROM orders_returnpolicy p WHERE p.id = {_POLICY} AND p.takes_back
                    AND r.opened_at > %(now)s - p.takes_back_days * interval '1 day')""",  # noqa: S608 - made of constants
    ),
    _rma(
        "rma_to_do",
        _("Ask a supplier to take goods back, or send them to him"),
        "m.status IN ('draft', 'authorized')",
    ),
    _rma(
        "rma_silent",
        _("Supplier has not answered about goods that went back for two weeks"),
        "m.status IN ('requested', 'shipped', 'received')"
        " AND m.status_since < %(now)s - interval '14 days'",
    ),
    _rma(
        "rma_disputed", _("Supplier does not pay for goods that went back"), "m.status='disputed'"
    ),
)
