-- Changes: record an event in events_pendingevent, in the transaction of the change it is about.
-- The triggers are here, so that orders, shipping and catalog know nothing of events.

-- Records the event of a status change, if there is one.
CREATE OR REPLACE FUNCTION events_follow_status() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.subject = 'orders.Order' THEN
        -- An order that was never paid was no order yet: its cancellation is no event.
        INSERT INTO events_pendingevent (type, kind, object_id, facts, occurred_at)
        SELECT CASE NEW.to_status WHEN 'placed' THEN 'order.placed' ELSE 'order.canceled' END,
               'order', NEW.subject_id, '{}', NEW.at
        WHERE NEW.to_status = 'placed' AND NEW.from_status = 'pending_payment'
           OR NEW.to_status = 'canceled' AND NEW.from_status <> 'pending_payment';
    ELSIF NEW.subject = 'orders.Payment' THEN
        INSERT INTO events_pendingevent (type, kind, object_id, facts, occurred_at)
        SELECT 'order.paid', 'order', order_id, '{}', NEW.at
        FROM orders_payment
        -- From ``refunded``, it is a refund that failed.
        WHERE id = NEW.subject_id AND NEW.to_status = 'captured' AND NEW.from_status <> 'refunded';
    ELSIF NEW.subject = 'orders.PurchaseOrder' THEN
        INSERT INTO events_pendingevent (type, kind, object_id, facts, occurred_at)
        SELECT CASE NEW.to_status
                   WHEN 'submitted' THEN 'purchase_order.submitted'
                   WHEN 'rejected' THEN 'purchase_order.rejected'
                   ELSE 'purchase_order.confirmed'
               END, 'purchase_order', NEW.subject_id, '{}', NEW.at
        WHERE NEW.to_status IN ('submitted', 'accepted', 'partially_accepted', 'rejected');
    ELSIF NEW.subject = 'shipping.Parcel' THEN
        INSERT INTO events_pendingevent (type, kind, object_id, facts, occurred_at)
        SELECT CASE NEW.to_status WHEN 'shipped' THEN 'order.shipped' ELSE 'order.delivered' END,
               'order', b.order_id, jsonb_build_object('parcel', NEW.subject_id), NEW.at
        FROM shipping_parcel p
        JOIN shipping_shipment s ON s.id = p.shipment_id
        JOIN orders_purchaseorder b ON b.id = s.purchase_order_id
        WHERE p.id = NEW.subject_id
          -- From ``delivered``, the delivery was that of a wrong tracking number.
          AND (NEW.to_status = 'shipped' AND NEW.from_status = 'label_created'
               OR NEW.to_status = 'delivered');
    ELSE
        INSERT INTO events_pendingevent (type, kind, object_id, facts, occurred_at)
        SELECT 'return.received', 'return', NEW.subject_id, '{}', NEW.at
        -- From ``inspected``, staff repeat the inspection.
        WHERE NEW.to_status = 'received' AND NEW.from_status <> 'inspected';
    END IF;
    RETURN NULL;
END
$$;

-- Statuses of orders, payments, parcels and returns; what suppliers answered.
CREATE OR REPLACE TRIGGER events_follow_status
AFTER INSERT ON lib_statuschange
FOR EACH ROW WHEN (
    NEW.subject IN ('orders.Order', 'orders.Payment', 'shipping.Parcel', 'orders.ReturnAuthorization')
        AND NEW.status_field = 'status'
    OR NEW.subject = 'orders.PurchaseOrder' AND NEW.status_field = 'submission_status'
) EXECUTE FUNCTION events_follow_status();

-- An order that needs no payment of ours begins as placed: a replacement, an order of another channel.
CREATE OR REPLACE FUNCTION events_follow_placed_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO events_pendingevent (type, kind, object_id, facts, occurred_at)
    VALUES ('order.placed', 'order', NEW.id, '{}', NEW.status_since);
    RETURN NULL;
END
$$;

-- An unpaid order becomes an event when its status changes.
CREATE OR REPLACE TRIGGER events_follow_placed_order
AFTER INSERT ON orders_order
FOR EACH ROW WHEN (NEW.status = 'placed')
EXECUTE FUNCTION events_follow_placed_order();

-- A refund is an entry of the payment ledger.
CREATE OR REPLACE FUNCTION events_follow_refund() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO events_pendingevent (type, kind, object_id, facts, occurred_at)
    SELECT 'order.refunded', 'order', order_id,
           jsonb_build_object('amount', NEW.amount::text, 'currency', currency), NEW.occurred_at
    FROM orders_payment WHERE id = NEW.payment_id;
    RETURN NULL;
END
$$;

-- Requests of refunds are no events.
CREATE OR REPLACE TRIGGER events_follow_refund
AFTER INSERT ON orders_paymentevent
FOR EACH ROW WHEN (NEW.kind = 'refunded')
EXECUTE FUNCTION events_follow_refund();

-- Records a new return.
CREATE OR REPLACE FUNCTION events_follow_return() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO events_pendingevent (type, kind, object_id, facts, occurred_at)
    VALUES ('return.opened', 'return', NEW.id, '{}', NEW.opened_at);
    RETURN NULL;
END
$$;

-- Each return begins with a row.
CREATE OR REPLACE TRIGGER events_follow_return
AFTER INSERT ON orders_returnauthorization
FOR EACH ROW EXECUTE FUNCTION events_follow_return();

-- Records stock and price events of all listings that one statement changed. Nothing is recorded
-- unless an active subscription wants one of these types.
CREATE OR REPLACE FUNCTION events_follow_listings() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wanted varchar[] := (
        SELECT array_agg(t.type)
        FROM unnest(ARRAY['stock.low', 'stock.out', 'stock.back', 'price.changed']) AS t(type)
        WHERE EXISTS (
            SELECT FROM events_webhooksubscription w
            WHERE w.status = 'active' AND (w.types = '{}' OR t.type = ANY(w.types))
        )
    );
BEGIN
    IF wanted IS NULL THEN
        RETURN NULL;
    END IF;
    INSERT INTO events_pendingevent (type, kind, object_id, facts, occurred_at)
    SELECT change.type, 'listing', l.id, change.facts, now()
    FROM listings_after l
    JOIN listings_before b ON b.id = l.id
    JOIN catalog_channel c ON c.id = l.channel_id
    CROSS JOIN LATERAL (
        SELECT CASE
                   WHEN l.available = 0 AND b.available > 0 THEN 'stock.out'
                   WHEN l.available > 0 AND b.available = 0 THEN 'stock.back'
                   WHEN l.available <= c.low_stock_units AND b.available > c.low_stock_units
                   THEN 'stock.low'
               END AS type,
               jsonb_build_object('available', l.available, 'previous', b.available) AS facts
        UNION ALL
        SELECT 'price.changed',
               jsonb_build_object('price', l.price_amount::text, 'previous', b.price_amount::text)
        WHERE l.price_amount <> b.price_amount
    ) AS change
    WHERE l.is_published AND change.type = ANY(wanted)
    ORDER BY l.id;
    RETURN NULL;
END
$$;

-- One call for a whole refresh of 1000 listings.
CREATE OR REPLACE TRIGGER events_follow_listings
AFTER UPDATE ON catalog_listing
REFERENCING OLD TABLE AS listings_before NEW TABLE AS listings_after
FOR EACH STATEMENT EXECUTE FUNCTION events_follow_listings();
