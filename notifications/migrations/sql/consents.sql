-- Refuses every change of a consent.
CREATE OR REPLACE FUNCTION consent_never_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a consent is never changed' USING ERRCODE = 'check_violation';
END $$;

-- A withdrawn consent is a new row.
CREATE OR REPLACE TRIGGER consent_never_changes
BEFORE UPDATE ON notifications_consent
FOR EACH ROW EXECUTE FUNCTION consent_never_changes();
