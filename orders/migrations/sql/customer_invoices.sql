-- Refuses every change of an issued invoice, except that its PDF is recorded once, and its deletion
-- after the years for which tax law requires it.
CREATE OR REPLACE FUNCTION customer_invoice_never_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.issued_at < now() - interval '10 years' THEN
            RETURN OLD;
        END IF;
    ELSIF OLD.file = '' AND NEW.file <> '' THEN
        OLD.file := NEW.file;
        IF OLD IS NOT DISTINCT FROM NEW THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'an issued invoice is never changed' USING ERRCODE = 'check_violation';
END $$;

-- A correction is a credit note.
CREATE OR REPLACE TRIGGER customer_invoice_never_changes
BEFORE UPDATE OR DELETE ON orders_customerinvoice
FOR EACH ROW EXECUTE FUNCTION customer_invoice_never_changes();
