-- Make the migration repeatable.
ALTER TABLE catalog_product DROP CONSTRAINT IF EXISTS product_family_exists;

-- A product has a family that exists, and a family with products is not deleted. ``Product.family``
-- is a plain column, so that imports and lists read the code without a join.
ALTER TABLE catalog_product ADD CONSTRAINT product_family_exists
    FOREIGN KEY (family) REFERENCES catalog_productfamily (code) DEFERRABLE INITIALLY DEFERRED;
