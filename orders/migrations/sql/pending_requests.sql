-- Marks a request to capture, void or refund as pending until its answer is recorded.
CREATE OR REPLACE FUNCTION payment_request_is_pending() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_WHEN = 'BEFORE' THEN
        NEW.is_pending := true;
        RETURN NEW;
    END IF;
    UPDATE orders_paymentevent SET is_pending = false WHERE id = NEW.answers_id;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER payment_request_is_pending
BEFORE INSERT ON orders_paymentevent FOR EACH ROW
WHEN (NEW.kind IN ('capture_requested', 'void_requested', 'refund_requested'))
EXECUTE FUNCTION payment_request_is_pending();

CREATE OR REPLACE TRIGGER payment_request_is_answered
AFTER INSERT ON orders_paymentevent FOR EACH ROW
WHEN (NEW.answers_id IS NOT NULL)
EXECUTE FUNCTION payment_request_is_pending();
