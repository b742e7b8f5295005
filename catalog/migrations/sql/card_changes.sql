-- Log of changed product cards. Processes that keep cards in memory read it.

-- Records the cards that one statement changed, with its transaction.
CREATE OR REPLACE FUNCTION catalog_record_card_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO catalog_cardchange (channel_id, transaction_id, cards, at)
    SELECT channel_id, pg_current_xact_id()::text::bigint, array_agg(id), clock_timestamp()
    FROM changed GROUP BY channel_id;
    RETURN NULL;
END $$;

-- New cards. An upsert fires this trigger for its inserted rows and the next trigger for its updated rows.
CREATE OR REPLACE TRIGGER card_inserted
AFTER INSERT ON catalog_productcard REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION catalog_record_card_changes();

-- Changed cards.
CREATE OR REPLACE TRIGGER card_updated
AFTER UPDATE ON catalog_productcard REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION catalog_record_card_changes();

-- Deleted cards.
CREATE OR REPLACE TRIGGER card_deleted
AFTER DELETE ON catalog_productcard REFERENCING OLD TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION catalog_record_card_changes();

-- A change of stock or price changes no indexed column. If the page has free space, such an update writes no index
-- (HOT update); the index of search words is large.
ALTER TABLE catalog_productcard SET (fillfactor = 85);
