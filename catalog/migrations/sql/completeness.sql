-- Completeness: record which products have to be checked again (``catalog.readiness.completeness``).

-- Of the changed rows of one statement. Argument: the column with the product, or "variant".
CREATE OR REPLACE FUNCTION catalog_completeness_is_stale() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_ARGV[0] = 'variant' THEN
        INSERT INTO catalog_stalecompleteness (product_id)
        SELECT DISTINCT v.product_id FROM changed JOIN catalog_variant v ON v.id = changed.variant_id;
    ELSIF TG_ARGV[0] = 'id' THEN
        INSERT INTO catalog_stalecompleteness (product_id) SELECT id FROM changed;
    ELSE
        INSERT INTO catalog_stalecompleteness (product_id) SELECT DISTINCT product_id FROM changed;
    END IF;
    RETURN NULL;
END $$;

-- Of updated rows that may move: the product that they leave and the one that they join. Argument as above.
CREATE OR REPLACE FUNCTION catalog_completeness_of_moves_is_stale() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_ARGV[0] = 'variant' THEN
        INSERT INTO catalog_stalecompleteness (product_id)
        SELECT DISTINCT v.product_id
        FROM (SELECT variant_id FROM before UNION SELECT variant_id FROM after) moved
        JOIN catalog_variant v ON v.id = moved.variant_id;
    ELSE
        INSERT INTO catalog_stalecompleteness (product_id)
        SELECT product_id FROM before UNION SELECT product_id FROM after;
    END IF;
    RETURN NULL;
END $$;

-- Listings change often, and only a price that appears or disappears counts.
CREATE OR REPLACE FUNCTION catalog_completeness_of_prices_is_stale() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO catalog_stalecompleteness (product_id)
    SELECT DISTINCT v.product_id
    FROM before o JOIN after n USING (id) JOIN catalog_variant v ON v.id = n.variant_id
    WHERE (o.price_amount IS NULL) <> (n.price_amount IS NULL);
    RETURN NULL;
END $$;

-- A brand concerns its products; requirements, families, channels and custom attributes concern all.
CREATE OR REPLACE FUNCTION catalog_completeness_of_many_is_stale() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'catalog_brand' THEN
        INSERT INTO catalog_stalecompleteness (product_id)
        SELECT p.id FROM catalog_product p JOIN changed ON changed.id = p.brand_id;
    ELSIF EXISTS (SELECT FROM changed) THEN
        INSERT INTO catalog_stalecompleteness (product_id) SELECT id FROM catalog_product;
    END IF;
    RETURN NULL;
END $$;

-- Product: insert.
CREATE OR REPLACE TRIGGER completeness_after_insert
AFTER INSERT ON catalog_product REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION catalog_completeness_is_stale('id');

-- Product: update.
CREATE OR REPLACE TRIGGER completeness_after_update
AFTER UPDATE ON catalog_product REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION catalog_completeness_is_stale('id');

-- Spec: insert.
CREATE OR REPLACE TRIGGER completeness_after_insert
AFTER INSERT ON catalog_spec REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION catalog_completeness_is_stale('product_id');

-- Spec: update.
CREATE OR REPLACE TRIGGER completeness_after_update
AFTER UPDATE ON catalog_spec REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION catalog_completeness_is_stale('product_id');

-- Variant: insert.
CREATE OR REPLACE TRIGGER completeness_after_insert
AFTER INSERT ON catalog_variant REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION catalog_completeness_is_stale('product_id');

-- Variant: update.
CREATE OR REPLACE TRIGGER completeness_after_update
AFTER UPDATE ON catalog_variant REFERENCING OLD TABLE AS before NEW TABLE AS after
FOR EACH STATEMENT EXECUTE FUNCTION catalog_completeness_of_moves_is_stale('product_id');

-- Identifier: insert.
CREATE OR REPLACE TRIGGER completeness_after_insert
AFTER INSERT ON catalog_identifier REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION catalog_completeness_is_stale('variant');

-- Identifier: update.
CREATE OR REPLACE TRIGGER completeness_after_update
AFTER UPDATE ON catalog_identifier REFERENCING OLD TABLE AS before NEW TABLE AS after
FOR EACH STATEMENT EXECUTE FUNCTION catalog_completeness_of_moves_is_stale('variant');

-- Identifier: delete.
CREATE OR REPLACE TRIGGER completeness_after_delete
AFTER DELETE ON catalog_identifier REFERENCING OLD TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION catalog_completeness_is_stale('variant');

-- Image: insert.
CREATE OR REPLACE TRIGGER completeness_after_insert
AFTER INSERT ON catalog_image REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION catalog_completeness_is_stale('product_id');

-- Image: update.
CREATE OR REPLACE TRIGGER completeness_after_update
AFTER UPDATE ON catalog_image REFERENCING OLD TABLE AS before NEW TABLE AS after
FOR EACH STATEMENT EXECUTE FUNCTION catalog_completeness_of_moves_is_stale('product_id');

-- Image: delete.
CREATE OR REPLACE TRIGGER completeness_after_delete
AFTER DELETE ON catalog_image REFERENCING OLD TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION catalog_completeness_is_stale('product_id');

-- Listing: insert.
CREATE OR REPLACE TRIGGER completeness_after_insert
AFTER INSERT ON catalog_listing REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION catalog_completeness_is_stale('variant');

-- Listing: update.
CREATE OR REPLACE TRIGGER completeness_after_update
AFTER UPDATE ON catalog_listing REFERENCING OLD TABLE AS before NEW TABLE AS after
FOR EACH STATEMENT EXECUTE FUNCTION catalog_completeness_of_prices_is_stale();

-- Brand: update.
CREATE OR REPLACE TRIGGER completeness_after_update
AFTER UPDATE ON catalog_brand REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION catalog_completeness_of_many_is_stale();

-- Requirement: insert.
CREATE OR REPLACE TRIGGER completeness_after_insert
AFTER INSERT ON catalog_requirement REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION catalog_completeness_of_many_is_stale();

-- Requirement: update.
CREATE OR REPLACE TRIGGER completeness_after_update
AFTER UPDATE ON catalog_requirement REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION catalog_completeness_of_many_is_stale();

-- Requirement: delete.
CREATE OR REPLACE TRIGGER completeness_after_delete
AFTER DELETE ON catalog_requirement REFERENCING OLD TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION catalog_completeness_of_many_is_stale();

-- Product family: insert.
CREATE OR REPLACE TRIGGER completeness_after_insert
AFTER INSERT ON catalog_productfamily REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION catalog_completeness_of_many_is_stale();

-- Product family: update.
CREATE OR REPLACE TRIGGER completeness_after_update
AFTER UPDATE ON catalog_productfamily REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION catalog_completeness_of_many_is_stale();

-- Custom attribute: insert.
CREATE OR REPLACE TRIGGER completeness_after_insert
AFTER INSERT ON catalog_customattribute REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION catalog_completeness_of_many_is_stale();

-- Custom attribute: update.
CREATE OR REPLACE TRIGGER completeness_after_update
AFTER UPDATE ON catalog_customattribute REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION catalog_completeness_of_many_is_stale();

-- Custom attribute: delete.
CREATE OR REPLACE TRIGGER completeness_after_delete
AFTER DELETE ON catalog_customattribute REFERENCING OLD TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION catalog_completeness_of_many_is_stale();

-- Channel: insert.
CREATE OR REPLACE TRIGGER completeness_after_insert
AFTER INSERT ON catalog_channel REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION catalog_completeness_of_many_is_stale();

-- Product text: insert.
CREATE OR REPLACE TRIGGER completeness_after_insert
AFTER INSERT ON catalog_producttext REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION catalog_completeness_is_stale('product_id');

-- Product text: update.
CREATE OR REPLACE TRIGGER completeness_after_update
AFTER UPDATE ON catalog_producttext REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION catalog_completeness_is_stale('product_id');

-- Product text: delete.
CREATE OR REPLACE TRIGGER completeness_after_delete
AFTER DELETE ON catalog_producttext REFERENCING OLD TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION catalog_completeness_is_stale('product_id');
