"""Messaging invariants (I6, I7): check that each message is sent once and none is lost."""

from storefront.dashboard.invariants.invariant import Invariant
from storefront.dashboard.sql_conditions import DUE_SINCE, UNANSWERED

MESSAGING = (
    Invariant(
        code="messaging.message_once",
        sentence="One event sends one notification to each recipient.",
        sql="""
            SELECT e.key, d.recipient, d.template, count(*) AS messages
            FROM notifications_message d JOIN notifications_event e ON e.id = d.event_id
            GROUP BY e.key, d.recipient, d.template, d.sender HAVING count(*) > 1
        """,
    ),
    Invariant(
        code="messaging.parcel_message_once",
        sentence="The customer is notified once of each shipped parcel with a tracking number,"
        " and of no other parcel.",
        sql="""
            SELECT p.carrier, p.number, p.status, count(e.id) AS facts
            FROM shipping_parcel p
            LEFT JOIN notifications_event e ON e.name = 'parcel.shipped'
             AND e.key = 'parcel.shipped:' || p.carrier || ':' || p.number
            GROUP BY p.id
            HAVING NOT CASE
                WHEN p.number = '' OR p.status IN ('label_created', 'voided') THEN count(e.id) = 0
                -- the supplier may state the number only after the delivery
                WHEN p.status = 'delivered' THEN count(e.id) <= 1
                ELSE count(e.id) = 1 END
        """,
    ),
    Invariant(
        code="messaging.events_in_order",
        sentence="The events of one subject are numbered without gaps.",
        sql="""
            SELECT subject, count(*) AS facts, max(sequence) AS last
            FROM notifications_event GROUP BY subject HAVING count(*) <> max(sequence)
        """,
    ),
    Invariant(
        code="messaging.events_fanned_out",
        sentence="An event creates its notifications within 5 minutes.",
        sql="""
            SELECT key, occurred_at FROM notifications_event
            WHERE fanned_out_at IS NULL AND occurred_at < %(now)s - interval '5 minutes'
        """,
    ),
    Invariant(
        code="messaging.messages_sent",
        sentence="A due notification is attempted within 10 minutes, and no attempt lasts over"
        " 20 minutes.",
        sql="""
            SELECT id AS delivery, status, due_at, status_since FROM notifications_message
            WHERE (status IN ('pending', 'retrying', 'requeued')
                   AND due_at < %(now)s - interval '10 minutes')
               OR (status = 'sending' AND status_since < %(now)s - interval '20 minutes')
        """,
    ),
    Invariant(
        code="messaging.webhooks_processed",
        sentence="An incoming webhook is processed within 10 minutes.",
        sql="""
            SELECT source, external_id, received_at FROM hooks_inboundwebhook
            WHERE status = 'received' AND due_at < %(now)s - interval '10 minutes'
        """,
    ),
    Invariant(
        code="messaging.reservations_expire",
        sentence="Reserved stock is released within 10 minutes after the reservation expires.",
        sql="""
            SELECT id AS reservation, expires_at FROM orders_reservation
            WHERE status = 'active' AND expires_at < %(now)s - interval '10 minutes'
        """,
    ),
    Invariant(
        code="messaging.orders_progress",
        sentence="No order stays unpaid beyond its payment deadline, or paid without purchase"
        " orders.",
        sql="""
            SELECT number, status, status_since FROM orders_order
            WHERE (status = 'pending_payment' AND payment_due_at < %(now)s - interval '10 minutes')
               OR (status = 'placed' AND status_since < %(now)s - interval '10 minutes')
        """,
    ),
    Invariant(
        code="messaging.payment_requests_answered",
        sentence="A payment request is answered by the gateway within an hour of being due.",
        sql=f"""
            SELECT p.key, request.kind, request.amount, request.received_at
            FROM orders_paymentevent request JOIN orders_payment p ON p.id = request.payment_id
            WHERE {UNANSWERED} AND {DUE_SINCE} < %(now)s - interval '1 hour'
        """,  # noqa: S608 - our own words
    ),
    Invariant(
        code="messaging.sync_runs_end",
        sentence="A sync run is closed within 5 minutes after its lease ends.",
        sql="""
            SELECT id AS run, kind, status, lease_until FROM suppliers_syncrun
            WHERE status IN ('fetching', 'parsed', 'staged')
              AND lease_until < %(now)s - interval '5 minutes'
        """,
    ),
)
