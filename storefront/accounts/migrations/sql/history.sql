-- Append-only tables: rows are added, and deleted with their account, but not changed.

-- Refuses a change of the history of second factors.
CREATE OR REPLACE FUNCTION factor_change_never_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a trace is never changed' USING ERRCODE = 'check_violation';
END $$;

-- Only the actor may become empty, when the actor's account is deleted.
CREATE OR REPLACE TRIGGER factor_change_never_changes
BEFORE UPDATE ON accounts_twofactorevent
FOR EACH ROW WHEN (
    NEW.actor_id IS NOT NULL
    OR (OLD.user_id, OLD.what, OLD.reason, OLD.at)
        IS DISTINCT FROM (NEW.user_id, NEW.what, NEW.reason, NEW.at)
) EXECUTE FUNCTION factor_change_never_changes();
