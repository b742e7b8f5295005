"""Dashboard SQL: select unanswered payment requests, cancellations, and shipped canceled orders.

The inbox rules and the invariants share these conditions, which repeat the rules of
``orders.payments.captures``, ``orders.cancellation.supplier_answers`` and
``orders.cancellation.canceled_but_shipped``. Aliases: ``p`` is a payment, ``request`` a payment
event that requests a capture, void or refund, ``po`` a purchase order, ``s`` its supplier.
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
# Three requests are due at once: a capture if several are allowed, a refund of captured money, and
# a void of the whole remainder. Another void waits until all of ``OPEN`` is decided. A capture waits
# for that too if only one is allowed, but at most until 12 hours before the authorization ends
# (``orders.payments.captures``).
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
# A supplier that was asked by e-mail has its time for acknowledging an order. Other suppliers are
# asked by staff, at once.
_RESPONSE_TIME = (
    "CASE po.cancellation_channel WHEN 'email'"
    " THEN make_interval(mins => s.acknowledge_within_min) ELSE interval '0' END"
)
UNCONFIRMED = (
    f"{_OPEN} AND po.submission_status = 'cancellation_requested' AND po.cancellation_channel <> ''"
    f" AND po.submission_status_since <= %(now)s - {_RESPONSE_TIME}"
)
UNCONFIRMED_SINCE = f"submission_status_since + {_RESPONSE_TIME}"
# The supplier has the order and was not asked for an hour: it does not answer, or no worker runs.
NOT_REQUESTED = (
    f"{_OPEN} AND po.cancel_requested_at < %(now)s - interval '1 hour' AND po.submission_status"
    " IN ('submitted', 'accepted', 'partially_accepted', 'backordered', 'cancellation_rejected')"
)


# Canceled, but shipped or still at the supplier

SHIPPED = (
    "EXISTS (SELECT 1 FROM orders_purchasemessage m"
    " WHERE m.purchase_order_id = po.id AND m.kind = 'shipped_canceled')"
)
# If the rejection came after the shipment, the supplier stopped the parcel; if the shipment came
# after the rejection, it did not.
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
