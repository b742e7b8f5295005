-- Changes for the stores: a change of the catalog queues the listing or the product in
-- sales_channels_pendingchange, once per store that is published to, in the same transaction as the change. A store
-- that is resumed is compared whole.

-- Queues listings whose price, stock or state changed; products whose listings are published or withdrawn.
-- A listing that was stale may be for sale again although its quantity is the same.
CREATE OR REPLACE FUNCTION sales_channels_listings_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM sales_channels_connection WHERE status = 'active') THEN
        RETURN NULL;
    END IF;
    INSERT INTO sales_channels_pendingchange (connection_id, variant_id, at)
    SELECT c.id, n.variant_id, clock_timestamp()
    FROM before o JOIN after n USING (id) JOIN sales_channels_connection c ON c.channel_id = n.channel_id
    WHERE c.status = 'active' AND c.is_publishing AND ((o.price_amount, o.available, o.area_id, o.rule_id, o.is_published)
        IS DISTINCT FROM (n.price_amount, n.available, n.area_id, n.rule_id, n.is_published)
      OR (n.as_of > o.as_of AND o.as_of < clock_timestamp() - interval '24 hours')
      OR (o.as_of IS NULL) <> (n.as_of IS NULL));
    INSERT INTO sales_channels_pendingchange (connection_id, product_id, at)
    SELECT DISTINCT c.id, v.product_id, clock_timestamp()
    FROM before o JOIN after n USING (id) JOIN sales_channels_connection c ON c.channel_id = n.channel_id
    JOIN catalog_variant v ON v.id = n.variant_id
    WHERE c.status = 'active' AND c.is_publishing AND o.is_published <> n.is_published;
    RETURN NULL;
END $$;

-- Queues the products of new listings.
CREATE OR REPLACE FUNCTION sales_channels_listings_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO sales_channels_pendingchange (connection_id, product_id, at)
    SELECT DISTINCT c.id, v.product_id, clock_timestamp()
    FROM changed n JOIN sales_channels_connection c ON c.channel_id = n.channel_id
    JOIN catalog_variant v ON v.id = n.variant_id
    WHERE c.status = 'active' AND c.is_publishing AND n.is_published;
    RETURN NULL;
END $$;

-- Listing: update.
CREATE OR REPLACE TRIGGER store_listing_changed
AFTER UPDATE ON catalog_listing REFERENCING OLD TABLE AS before NEW TABLE AS after
FOR EACH STATEMENT EXECUTE FUNCTION sales_channels_listings_changed();

-- Listing: insert.
CREATE OR REPLACE TRIGGER store_listing_added
AFTER INSERT ON catalog_listing REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION sales_channels_listings_added();

-- Queues the products of the changed rows of one statement, for each store that may show them. Argument: the column
-- with the product, or how to find it.
CREATE OR REPLACE FUNCTION sales_channels_content_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    products bigint[];
BEGIN
    IF NOT EXISTS (SELECT FROM sales_channels_connection WHERE status = 'active') THEN
        RETURN NULL;
    END IF;
    IF TG_ARGV[0] = 'id' THEN
        SELECT array_agg(id) INTO products FROM changed;
    ELSIF TG_ARGV[0] = 'variant' THEN
        SELECT array_agg(DISTINCT v.product_id) INTO products
        FROM changed JOIN catalog_variant v ON v.id = changed.variant_id;
    ELSIF TG_ARGV[0] = 'brand' THEN
        SELECT array_agg(p.id) INTO products FROM catalog_product p JOIN changed ON changed.id = p.brand_id;
    ELSIF TG_ARGV[0] = 'category' THEN
        SELECT array_agg(p.id) INTO products FROM catalog_product p JOIN changed ON changed.id = p.category_id;
    ELSE
        SELECT array_agg(DISTINCT product_id) INTO products FROM changed;
    END IF;
    INSERT INTO sales_channels_pendingchange (connection_id, product_id, at)
    SELECT c.id, p, clock_timestamp()
    FROM sales_channels_connection c CROSS JOIN unnest(products) p
    WHERE c.status = 'active' AND c.is_publishing AND (EXISTS (
        SELECT FROM catalog_variant v JOIN catalog_listing l ON l.variant_id = v.id
        WHERE v.product_id = p AND l.channel_id = c.channel_id AND l.is_published
    ) OR EXISTS (
        SELECT FROM sales_channels_remoteproduct r WHERE r.connection_id = c.id AND r.product_id = p
    ));
    RETURN NULL;
END $$;

-- Queues the product that a changed variant left, too.
CREATE OR REPLACE FUNCTION sales_channels_variants_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO sales_channels_pendingchange (connection_id, product_id, at)
    SELECT DISTINCT r.connection_id, r.product_id, clock_timestamp()
    FROM before o JOIN after n USING (id)
    JOIN sales_channels_remoteproduct r ON r.product_id IN (o.product_id, n.product_id)
    JOIN sales_channels_connection c ON c.id = r.connection_id
    WHERE c.status = 'active' AND c.is_publishing;
    RETURN NULL;
END $$;

-- Product: update.
CREATE OR REPLACE TRIGGER store_content_changed
AFTER UPDATE ON catalog_product REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION sales_channels_content_changed('id');

-- Variant: update.
CREATE OR REPLACE TRIGGER store_variant_moved
AFTER UPDATE ON catalog_variant REFERENCING OLD TABLE AS before NEW TABLE AS after
FOR EACH STATEMENT EXECUTE FUNCTION sales_channels_variants_moved();

-- Spec: update.
CREATE OR REPLACE TRIGGER store_content_changed
AFTER UPDATE ON catalog_spec REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION sales_channels_content_changed('product');

-- Identifier: insert.
CREATE OR REPLACE TRIGGER store_content_added
AFTER INSERT ON catalog_identifier REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION sales_channels_content_changed('variant');

-- Identifier: update.
CREATE OR REPLACE TRIGGER store_content_changed
AFTER UPDATE ON catalog_identifier REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION sales_channels_content_changed('variant');

-- Identifier: delete.
CREATE OR REPLACE TRIGGER store_content_removed
AFTER DELETE ON catalog_identifier REFERENCING OLD TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION sales_channels_content_changed('variant');

-- Image: insert.
CREATE OR REPLACE TRIGGER store_content_added
AFTER INSERT ON catalog_image REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION sales_channels_content_changed('product');

-- Image: update.
CREATE OR REPLACE TRIGGER store_content_changed
AFTER UPDATE ON catalog_image REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION sales_channels_content_changed('product');

-- Image: delete.
CREATE OR REPLACE TRIGGER store_content_removed
AFTER DELETE ON catalog_image REFERENCING OLD TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION sales_channels_content_changed('product');

-- Product text: insert.
CREATE OR REPLACE TRIGGER store_content_added
AFTER INSERT ON catalog_producttext REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION sales_channels_content_changed('product');

-- Product text: update.
CREATE OR REPLACE TRIGGER store_content_changed
AFTER UPDATE ON catalog_producttext REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION sales_channels_content_changed('product');

-- Product text: delete.
CREATE OR REPLACE TRIGGER store_content_removed
AFTER DELETE ON catalog_producttext REFERENCING OLD TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION sales_channels_content_changed('product');

-- Brand: update.
CREATE OR REPLACE TRIGGER store_content_changed
AFTER UPDATE ON catalog_brand REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION sales_channels_content_changed('brand');

-- Category: update.
CREATE OR REPLACE TRIGGER store_content_changed
AFTER UPDATE ON catalog_category REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION sales_channels_content_changed('category');
