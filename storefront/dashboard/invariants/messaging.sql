-- messaging.message_once
-- One event sends one notification to each recipient.
SELECT e.key, d.recipient, d.template, count(*) AS messages
FROM notifications_message d JOIN notifications_event e ON e.id = d.event_id
GROUP BY e.key, d.recipient, d.template, d.sender HAVING count(*) > 1

-- messaging.parcel_message_once
-- The customer is notified once of each shipped parcel with a tracking number, and of no label.
SELECT p.carrier, p.number, p.status, count(e.id) AS facts
FROM shipping_parcel p
LEFT JOIN notifications_event e ON e.name = 'parcel.shipped'
 AND e.key = 'parcel.shipped:' || p.id
GROUP BY p.id
HAVING NOT CASE
    WHEN p.status IN ('label_created', 'voided') THEN count(e.id) = 0
    WHEN p.status = 'shipped' AND p.number <> '' THEN count(e.id) = 1
    -- the supplier may state the number only after the delivery
    ELSE count(e.id) <= 1 END

-- messaging.events_in_order
-- The events of one subject are numbered without gaps.
SELECT subject, count(*) AS facts, max(sequence) AS last
FROM notifications_event GROUP BY subject HAVING count(*) <> max(sequence)

-- messaging.events_fanned_out
-- An event creates its notifications within 5 minutes.
SELECT key, occurred_at FROM notifications_event
WHERE fanned_out_at IS NULL AND occurred_at < %(now)s - interval '5 minutes'

-- messaging.messages_sent
-- A due notification is attempted within 10 minutes, and no attempt lasts over 20 minutes.
SELECT id AS message, status, due_at, status_since FROM notifications_message
WHERE (status IN ('pending', 'retrying', 'requeued')
       AND due_at < %(now)s - interval '10 minutes')
   OR (status = 'sending' AND status_since < %(now)s - interval '20 minutes')

-- messaging.webhooks_processed
-- An incoming webhook is processed within 10 minutes.
SELECT source, external_id, received_at FROM hooks_inboundwebhook
WHERE status = 'received' AND due_at < %(now)s - interval '10 minutes'

-- messaging.reservations_expire
-- Reserved stock is released within 10 minutes after the reservation expires.
SELECT id AS reservation, expires_at FROM orders_reservation
WHERE status = 'active' AND expires_at < %(now)s - interval '10 minutes'

-- messaging.orders_progress
-- No order stays unpaid beyond its payment deadline, or paid without purchase orders.
SELECT number, status, status_since FROM orders_order
WHERE (status = 'pending_payment' AND payment_due_at < %(now)s - interval '10 minutes')
   OR (status = 'placed' AND status_since < %(now)s - interval '10 minutes')

-- messaging.payment_requests_answered
-- A payment request is answered by the gateway within an hour of being due.
SELECT p.key, request.kind, request.amount, request.received_at
FROM orders_paymentevent request JOIN orders_payment p ON p.id = request.payment_id
WHERE ${unanswered} AND ${due_since} < %(now)s - interval '1 hour'

-- messaging.sync_runs_end
-- A sync run is closed within 5 minutes after its lease ends.
SELECT id AS run, kind, status, lease_until FROM suppliers_syncrun
WHERE status IN ('fetching', 'parsed', 'staged')
  AND lease_until < %(now)s - interval '5 minutes'
