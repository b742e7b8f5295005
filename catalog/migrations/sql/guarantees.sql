-- Copies the months of a guarantee to its product; NULL if the product has none.
CREATE OR REPLACE FUNCTION copy_guarantee() RETURNS trigger AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        UPDATE catalog_product SET guarantee_months = NULL WHERE id = OLD.product_id;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        UPDATE catalog_product SET guarantee_months = NEW.months WHERE id = NEW.product_id;
    END IF;
    RETURN NULL;
END;
$$ LANGUAGE plpgsql;

-- Runs at each change of a guarantee.
CREATE OR REPLACE TRIGGER guarantee_is_copied
AFTER INSERT OR UPDATE OR DELETE ON catalog_productguarantee
FOR EACH ROW EXECUTE FUNCTION copy_guarantee();
