-- After staff unlock a field of a product or a variant, the next product sync reads the supplier's pages
-- of the product again: without digests, an unchanged page is imported too, and fills the field.
CREATE OR REPLACE FUNCTION unlocked_fields_are_read_again() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changed_product bigint;
BEGIN
    IF TG_TABLE_NAME = 'catalog_variant' THEN
        changed_product := NEW.product_id;
    ELSE
        changed_product := NEW.id;
    END IF;
    UPDATE suppliers_supplierproduct page SET list_digest = '', detail_digest = ''
    FROM suppliers_supplieroffer o JOIN catalog_variant v ON v.id = o.variant_id
    WHERE v.product_id = changed_product
      AND page.supplier_id = o.supplier_id AND page.external_id = o.product_external_id;
    RETURN NULL;
END
$$;

-- A name that was removed from ``overridden_fields`` is an unlocked field.
CREATE OR REPLACE TRIGGER unlocked_fields_are_read_again
AFTER UPDATE OF overridden_fields ON catalog_product
FOR EACH ROW WHEN (NOT OLD.overridden_fields <@ NEW.overridden_fields)
EXECUTE FUNCTION unlocked_fields_are_read_again();

-- A name that was removed from ``overridden_fields`` is an unlocked field.
CREATE OR REPLACE TRIGGER unlocked_fields_are_read_again
AFTER UPDATE OF overridden_fields ON catalog_variant
FOR EACH ROW WHEN (NOT OLD.overridden_fields <@ NEW.overridden_fields)
EXECUTE FUNCTION unlocked_fields_are_read_again();

-- The numbers of a brand's variants contain the brand: the next product sync writes them again.
CREATE OR REPLACE TRIGGER products_of_another_brand_are_read_again
AFTER UPDATE OF brand_id ON catalog_product
FOR EACH ROW WHEN (OLD.brand_id <> NEW.brand_id)
EXECUTE FUNCTION unlocked_fields_are_read_again();
