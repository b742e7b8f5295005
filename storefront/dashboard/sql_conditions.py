"""Dashboard SQL: select unanswered payment requests, cancellations, and shipped canceled orders.

The inbox rules and the invariants share these conditions. In them, ``p`` is a payment, ``request``
an event that requests a change of it, ``po`` a purchase order and ``s`` its supplier. They repeat
the rules of ``orders.payments.captures``, ``orders.cancellation.supplier_answers`` and
``orders.cancellation.canceled_but_shipped``.
"""


# Unanswered payment requests

# What a request may wait for: suppliers that have not answered, and rejected lines that another
# supplier may still ship.
OPEN = """SELECT 1 FROM orders_purchaseorder po WHERE po.order_id = p.order_id
    AND po.accepted_at IS NULL AND po.status <> 'canceled'
    UNION ALL SELECT 1 FROM orders_backorder b WHERE b.order_id = p.order_id
    AND b.kind = 'refused' AND b.status IN ('open', 'asked')"""
DECIDED_AT = """SELECT max(each.at) FROM (
    SELECT greatest(po.accepted_at, po.status_since) AS at FROM orders_purchaseorder po
    WHERE po.order_id = p.order_id
    UNION ALL SELECT b.status_since FROM orders_backorder b
    WHERE b.order_id = p.order_id AND b.kind = 'refused') each"""
# Due at once are one of several captures, a refund of money that is captured, and a void of all that
# is left. Another void waits until the order is decided; a single capture at most until the
# authorization ends (``orders.payments.captures``).
DUE_SINCE = f"""(CASE
    WHEN p.capture_mode = 'multiple' AND request.kind = 'capture_requested'
        THEN request.received_at
    WHEN request.kind = 'refund_requested'
        AND p.captured_amount - p.refunded_amount >= request.amount
        THEN request.received_at
    WHEN request.kind = 'void_requested'
        AND request.amount >= p.authorized_amount - p.captured_amount - p.voided_amount
        THEN request.received_at
    WHEN request.kind = 'void_requested' AND EXISTS ({OPEN}) THEN NULL
    WHEN EXISTS ({OPEN}) THEN greatest(request.received_at, p.capture_before - interval '12 hours')
    ELSE greatest(request.received_at, ({DECIDED_AT})) END)"""
UNANSWERED = """request.kind IN ('capture_requested', 'void_requested', 'refund_requested')
    AND NOT EXISTS (SELECT 1 FROM orders_paymentevent a WHERE a.answers_id = request.id)"""


# Cancellations without an answer

_OPEN = "po.cancel_requested_at IS NOT NULL AND po.status IN ('ready', 'in_progress')"
# A supplier asked by e-mail has as long as for an order. Otherwise staff ask it now.
_RESPONSE_TIME = (
    "CASE po.cancellation_channel WHEN 'email'"
    " THEN make_interval(mins => s.acknowledge_within_min) ELSE interval '0' END"
)
UNCONFIRMED = (
    f"{_OPEN} AND po.submission_status = 'cancellation_requested' AND po.cancellation_channel <> ''"
    f" AND po.submission_status_since <= %(now)s - {_RESPONSE_TIME}"
)
UNCONFIRMED_SINCE = f"submission_status_since + {_RESPONSE_TIME}"
# The supplier has the order and was not asked: it does not answer, or no worker runs.
NOT_REQUESTED = (
    f"{_OPEN} AND po.cancel_requested_at < %(now)s - interval '1 hour' AND po.submission_status"
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
    " AND m.at > po.submission_status_since)"
)
_CANCELED_BUT_ACTIVE = (
    "po.status = 'canceled' AND (po.submission_status IN ('submitted', 'accepted',"
    " 'partially_accepted', 'backordered', 'cancellation_rejected')"
    f" OR po.submission_status = 'cancellation_accepted' AND {SHIPPED}"
    f" OR po.submission_status = 'rejected' AND {_SHIPPED_SINCE})"
)
# The newest decision counts, unless the order shipped after it, or its claim failed.
_DECIDED = f"""
    EXISTS (SELECT 1 FROM orders_canceledshipmentdecision d
            WHERE d.id = (SELECT max(n.id) FROM orders_canceledshipmentdecision n
                          WHERE n.purchase_order_id = po.id)
              AND (d.was_shipped OR NOT {SHIPPED})
              AND (d.outcome <> 'claimed' OR EXISTS
                   (SELECT 1 FROM orders_supplierclaim c WHERE c.purchase_order_id = po.id
                    AND c.status NOT IN ('denied', 'canceled'))))
"""  # noqa: S608 - all parts are written in this file
UNDECIDED = f"{_CANCELED_BUT_ACTIVE} AND NOT {_DECIDED}"
