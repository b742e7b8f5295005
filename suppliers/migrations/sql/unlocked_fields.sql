-- A product is read again by the next product sync after staff unlock one of its fields: without
-- its digests, a page that did not change is imported too, and fills the field.
CREATE OR REPLACE FUNCTION unlocked_fields_are_read_again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE suppliers_supplierproduct page SET list_digest = '', detail_digest = ''
    FROM suppliers_supplieroffer o JOIN catalog_variant v ON v.id = o.variant_id
    WHERE v.product_id = NEW.id
      AND page.supplier_id = o.supplier_id AND page.external_id = o.product_external_id;
    RETURN NULL;
END
$$;

-- A removed name is an unlocked field.
CREATE OR REPLACE TRIGGER unlocked_fields_are_read_again
AFTER UPDATE OF overridden_fields ON catalog_product
FOR EACH ROW WHEN (NOT OLD.overridden_fields <@ NEW.overridden_fields)
EXECUTE FUNCTION unlocked_fields_are_read_again();
