"""Dashboard SQL: select unanswered payment requests, cancellations, and shipped canceled orders.

The inbox rules and the invariants share these conditions. In them, ``p`` is a payment, ``asked`` a
request of it, ``po`` a purchase order and ``s`` its supplier. They repeat the rules of
``orders.payments.captures``, ``orders.cancellation.supplier_answers`` and
``orders.cancellation.canceled_but_shipped``.
"""

from __future__ import annotations

# Unanswered payment requests

# What a request may wait for: suppliers that have not answered, and rejected lines that another
# supplier may still ship.
OPEN = """SELECT 1 FROM orders_purchaseorder po WHERE po.order_id = p.order_id
    AND po.accepted_at IS NULL AND po.status <> 'canceled'
    UNION ALL SELECT 1 FROM orders_setback b WHERE b.order_id = p.order_id
    AND b.kind = 'refused' AND b.status IN ('open', 'asked')"""
DECIDED_AT = """SELECT max(each.at) FROM (
    SELECT greatest(po.accepted_at, po.status_since) AS at FROM orders_purchaseorder po
    WHERE po.order_id = p.order_id
    UNION ALL SELECT b.status_since FROM orders_setback b
    WHERE b.order_id = p.order_id AND b.kind = 'refused') each"""
# Due at once are one of several captures, and a refund of money that is captured. Another request
# waits until the order is decided, or the authorization ends (``orders.payments.captures``).
DUE_SINCE = f"""(CASE
    WHEN p.capture_mode = 'multiple' AND asked.kind = 'capture_requested' THEN asked.received_at
    WHEN asked.kind = 'refund_requested' AND p.captured_amount - p.refunded_amount >= asked.amount
        THEN asked.received_at
    WHEN EXISTS ({OPEN}) THEN greatest(asked.received_at, p.capture_before - interval '12 hours')
    ELSE greatest(asked.received_at, ({DECIDED_AT})) END)"""
UNANSWERED = """asked.kind IN ('capture_requested', 'release_requested', 'refund_requested')
    AND NOT EXISTS (SELECT 1 FROM orders_paymentevent a WHERE a.answers_id = asked.id)"""


# Cancellations without an answer

_OPEN = "po.cancel_wanted_at IS NOT NULL AND po.status IN ('ready', 'in_progress')"
# A supplier asked by e-mail has as long as for an order. Otherwise staff ask it now.
_PATIENCE = (
    "CASE po.stop_told_by WHEN 'letter'"
    " THEN make_interval(mins => s.acknowledge_within_min) ELSE interval '0' END"
)
ASKED = (
    f"{_OPEN} AND po.request_status = 'cancellation_requested' AND po.stop_told_by <> ''"
    f" AND po.request_status_since <= %(now)s - {_PATIENCE}"
)
UNCONFIRMED_SINCE = f"request_status_since + {_PATIENCE}"
# The supplier has the order and was not asked: it does not answer, or no worker runs.
UNTOLD = (
    f"{_OPEN} AND po.cancel_wanted_at < %(now)s - interval '1 hour' AND po.request_status"
    " IN ('submitted', 'accepted', 'partially_accepted', 'backordered', 'cancellation_rejected')"
)


# Canceled, but shipped or still at the supplier

SHIPPED = (
    "EXISTS (SELECT 1 FROM orders_purchasemessage m"
    " WHERE m.purchase_order_id = po.id AND m.kind = 'shipped_canceled')"
)
# A supplier that rejected the order after it left has stopped it; one that ships a rejected order
# has not.
_SHIPPED_SINCE = (
    "EXISTS (SELECT 1 FROM orders_purchasemessage m"
    " WHERE m.purchase_order_id = po.id AND m.kind = 'shipped_canceled'"
    " AND m.at > po.request_status_since)"
)
_STRAY = (
    "po.status = 'canceled' AND (po.request_status IN ('submitted', 'accepted',"
    " 'partially_accepted', 'backordered', 'cancellation_rejected')"
    f" OR po.request_status = 'cancellation_accepted' AND {SHIPPED}"
    f" OR po.request_status = 'rejected' AND {_SHIPPED_SINCE})"
)
# The newest decision counts, unless the order shipped after it, or its claim failed.
_DECIDED = f"""
    EXISTS (SELECT 1 FROM orders_straydecision d
            WHERE d.id = (SELECT max(n.id) FROM orders_straydecision n
                          WHERE n.purchase_order_id = po.id)
              AND (d.was_shipped OR NOT {SHIPPED})
              AND (d.outcome <> 'claimed' OR EXISTS
                   (SELECT 1 FROM orders_supplierclaim c WHERE c.purchase_order_id = po.id
                    AND c.status NOT IN ('denied', 'canceled'))))
"""  # noqa: S608 - all parts are written in this file
UNDECIDED = f"{_STRAY} AND NOT {_DECIDED}"
