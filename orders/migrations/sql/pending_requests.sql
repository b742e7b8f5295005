-- Marks a payment request as pending until its answer is recorded (``captures.due_requests``).
CREATE OR REPLACE FUNCTION payment_request_is_pending() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_WHEN = 'BEFORE' THEN
        NEW.is_pending := true;
        RETURN NEW;
    END IF;
    UPDATE orders_paymentevent SET is_pending = false WHERE id = NEW.answers_id;
    RETURN NULL;
END $$;

-- A new request to capture, void or refund has no answer.
CREATE OR REPLACE TRIGGER payment_request_is_pending
BEFORE INSERT ON orders_paymentevent FOR EACH ROW
WHEN (NEW.kind IN ('capture_requested', 'void_requested', 'refund_requested'))
EXECUTE FUNCTION payment_request_is_pending();

-- An answer, also a rejection, ends the request.
CREATE OR REPLACE TRIGGER payment_request_is_answered
AFTER INSERT ON orders_paymentevent FOR EACH ROW
WHEN (NEW.answers_id IS NOT NULL)
EXECUTE FUNCTION payment_request_is_pending();
