-- A product is read again by the next product sync after staff unlock a field of it or a variant: without
-- its digests, a page that did not change is imported too, and fills the field.
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

-- A removed name is an unlocked field.
CREATE OR REPLACE TRIGGER unlocked_fields_are_read_again
AFTER UPDATE OF overridden_fields ON catalog_product
FOR EACH ROW WHEN (NOT OLD.overridden_fields <@ NEW.overridden_fields)
EXECUTE FUNCTION unlocked_fields_are_read_again();

-- A removed name is an unlocked field.
CREATE OR REPLACE TRIGGER unlocked_fields_are_read_again
AFTER UPDATE OF overridden_fields ON catalog_variant
FOR EACH ROW WHEN (NOT OLD.overridden_fields <@ NEW.overridden_fields)
EXECUTE FUNCTION unlocked_fields_are_read_again();
