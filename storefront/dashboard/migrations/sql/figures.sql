-- Figures: queue an order whose figures may have changed, in the transaction of the change.
-- The triggers are here, so that orders and shipping know nothing of the figures. A row has no unique
-- key: two transactions that change parts of one order do not wait for each other.

-- Queues the order of the changed row; the argument says how to find it.
CREATE OR REPLACE FUNCTION dashboard_queue_figures() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_ARGV[0] = 'itself' THEN
        INSERT INTO dashboard_pendingfigures (order_id) VALUES (NEW.id);
    ELSIF TG_ARGV[0] = 'order' THEN
        INSERT INTO dashboard_pendingfigures (order_id) VALUES (NEW.order_id);
    ELSIF TG_ARGV[0] = 'purchase_order' THEN
        INSERT INTO dashboard_pendingfigures (order_id)
        SELECT order_id FROM orders_purchaseorder WHERE id = NEW.purchase_order_id;
    ELSIF TG_ARGV[0] = 'shipment' THEN
        INSERT INTO dashboard_pendingfigures (order_id)
        SELECT p.order_id
        FROM shipping_shipment s
        JOIN orders_purchaseorder p ON p.id = s.purchase_order_id
        WHERE s.id = NEW.shipment_id;
    ELSE
        INSERT INTO dashboard_pendingfigures (order_id)
        SELECT order_id FROM orders_returnauthorization WHERE id = NEW.authorization_id;
    END IF;
    RETURN NULL;
END
$$;

-- An unpaid order has no figures.
CREATE OR REPLACE TRIGGER dashboard_figures_of_order
AFTER INSERT OR UPDATE OF status, arrives_to ON orders_order
FOR EACH ROW WHEN (NEW.status NOT IN ('pending_payment', 'expired'))
EXECUTE FUNCTION dashboard_queue_figures('itself');

-- New lines come with a new order, or by an update of the line that they were split from.
CREATE OR REPLACE TRIGGER dashboard_figures_of_line
AFTER UPDATE ON orders_orderline
FOR EACH ROW EXECUTE FUNCTION dashboard_queue_figures('order');

-- Money that was captured, refunded or lost in a dispute.
CREATE OR REPLACE TRIGGER dashboard_figures_of_payment
AFTER UPDATE OF captured_amount, refunded_amount, dispute_status ON orders_payment
FOR EACH ROW EXECUTE FUNCTION dashboard_queue_figures('order');

-- A purchase order changes who ships a line, and what its freight costs.
CREATE OR REPLACE TRIGGER dashboard_figures_of_purchase_order
AFTER INSERT OR UPDATE OF status, freight_amount ON orders_purchaseorder
FOR EACH ROW EXECUTE FUNCTION dashboard_queue_figures('order');

-- The cost agreed with the supplier.
CREATE OR REPLACE TRIGGER dashboard_figures_of_purchase_line
AFTER INSERT OR UPDATE ON orders_purchaseline
FOR EACH ROW EXECUTE FUNCTION dashboard_queue_figures('purchase_order');

-- An invoice replaces estimates; a withdrawn one does not count.
CREATE OR REPLACE TRIGGER dashboard_figures_of_invoice
AFTER INSERT OR UPDATE ON orders_supplierinvoice
FOR EACH ROW WHEN (NEW.purchase_order_id IS NOT NULL)
EXECUTE FUNCTION dashboard_queue_figures('purchase_order');

-- What a supplier credits for a claim.
CREATE OR REPLACE TRIGGER dashboard_figures_of_claim
AFTER UPDATE OF credited_amount ON orders_supplierclaim
FOR EACH ROW EXECUTE FUNCTION dashboard_queue_figures('purchase_order');

-- What a supplier credits for items sent back.
CREATE OR REPLACE TRIGGER dashboard_figures_of_supplier_return
AFTER UPDATE OF credited_amount ON orders_supplierreturn
FOR EACH ROW EXECUTE FUNCTION dashboard_queue_figures('purchase_order');

-- What a return label costs us.
CREATE OR REPLACE TRIGGER dashboard_figures_of_return_label
AFTER INSERT OR UPDATE OF status, price_amount ON orders_returnlabel
FOR EACH ROW EXECUTE FUNCTION dashboard_queue_figures('return');

-- The day of a delivery decides whether the promise was kept.
CREATE OR REPLACE TRIGGER dashboard_figures_of_parcel
AFTER INSERT OR UPDATE OF status, carrier_status_at ON shipping_parcel
FOR EACH ROW EXECUTE FUNCTION dashboard_queue_figures('shipment');
