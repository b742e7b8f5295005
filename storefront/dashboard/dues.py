"""Since when a gateway owes us an answer, in SQL: of ``asked``, a request of payment ``p``."""

from __future__ import annotations

OPEN = """SELECT 1 FROM orders_purchaseorder po WHERE po.order_id = p.order_id
    AND po.accepted_at IS NULL AND po.status <> 'canceled'"""
ANSWERED = """SELECT max(greatest(po.accepted_at, po.status_since)) FROM orders_purchaseorder po
    WHERE po.order_id = p.order_id"""
# Where parts are not taken by themselves, a request waits for the last purchase order, or for the
# end of the authorization (``orders.payments.captures``).
SINCE = f"""(CASE WHEN p.taking = 'parts' THEN asked.received_at
    WHEN EXISTS ({OPEN}) THEN greatest(asked.received_at, p.capture_before - interval '12 hours')
    ELSE greatest(asked.received_at, ({ANSWERED})) END)"""
UNANSWERED = """asked.kind IN ('capture_requested', 'release_requested', 'refund_requested')
    AND NOT EXISTS (SELECT 1 FROM orders_paymentevent a WHERE a.answers_id = asked.id)"""
