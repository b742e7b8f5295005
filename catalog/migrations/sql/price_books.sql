-- A price book that has gone live keeps its guards and its rules.

-- Refuses a change of the channel, version, guards or origin of a price book that is not a draft.
CREATE OR REPLACE FUNCTION catalog_keep_price_book() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status <> 'draft' AND ROW(
        NEW.channel_id, NEW.version, NEW.floor_margin_rate, NEW.max_change_per_run, NEW.max_change_per_day,
        NEW.restored_from_id, NEW.live_at, NEW.created_by, NEW.created_at
    ) IS DISTINCT FROM ROW(
        OLD.channel_id, OLD.version, OLD.floor_margin_rate, OLD.max_change_per_run, OLD.max_change_per_day,
        OLD.restored_from_id, OLD.live_at, OLD.created_by, OLD.created_at
    ) THEN
        RAISE EXCEPTION 'price book % went live and never changes', OLD.id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

-- The status and the note may change: a book is retired.
CREATE OR REPLACE TRIGGER price_book_never_changes
BEFORE UPDATE ON catalog_pricebook
FOR EACH ROW EXECUTE FUNCTION catalog_keep_price_book();

-- Refuses a change of the rules of a price book that is not a draft, and locks the book:
-- a book that goes live waits for the change, and finds that its dry run is out of date.
-- The status is compared after the lock, because a WHERE would see the status before the wait.
CREATE OR REPLACE FUNCTION catalog_keep_price_rule() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    book record;
BEGIN
    FOR book IN
        SELECT id, status FROM catalog_pricebook WHERE id IN (OLD.book_id, NEW.book_id)
        ORDER BY id FOR NO KEY UPDATE
    LOOP
        IF book.status <> 'draft' THEN
            RAISE EXCEPTION 'a rule of price book % never changes: it went live', book.id
                USING ERRCODE = 'check_violation';
        END IF;
    END LOOP;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END $$;

-- Deleting a draft deletes its rules, so DELETE is allowed for drafts.
CREATE OR REPLACE TRIGGER price_rule_never_changes
BEFORE INSERT OR UPDATE OR DELETE ON catalog_pricerule
FOR EACH ROW EXECUTE FUNCTION catalog_keep_price_rule();
