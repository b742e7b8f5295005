from django.db import migrations

# Whoever changes a rule holds its book: a book that goes live waits for the change, and sees
# that its dry run is not of these rules. A filter on the status would be answered by the state
# before the wait, so it is read and judged after it.
KEEP = """
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
"""
KEEP_AS_BEFORE = """
CREATE OR REPLACE FUNCTION catalog_keep_price_rule() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM catalog_pricebook book WHERE book.status <> 'draft'
            AND book.id IN (OLD.book_id, NEW.book_id)
    ) THEN
        RAISE EXCEPTION 'a rule of price book % never changes: it went live',
            coalesce(OLD.book_id, NEW.book_id)
            USING ERRCODE = 'check_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("catalog", "0009_price_floors")]

    operations = [migrations.RunSQL(KEEP, KEEP_AS_BEFORE)]
