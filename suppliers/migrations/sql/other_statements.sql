-- What a supplier states of a product that another supplier describes (catalog_otherstatement) is deleted with the last
-- link of its offers to the product.
CREATE OR REPLACE FUNCTION statements_end_with_links() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM catalog_otherstatement statement
    USING catalog_variant v, suppliers_supplier s
    WHERE v.id = OLD.variant_id AND s.id = OLD.supplier_id
      AND statement.product_id = v.product_id AND statement.supplier_code = s.code
      AND NOT EXISTS (
          SELECT FROM suppliers_supplieroffer o JOIN catalog_variant linked ON linked.id = o.variant_id
          WHERE o.supplier_id = OLD.supplier_id AND linked.product_id = v.product_id
      );
    RETURN NULL;
END
$$;

-- An offer is unlinked, or linked to another variant.
CREATE OR REPLACE TRIGGER statements_end_with_links
AFTER UPDATE OF variant_id ON suppliers_supplieroffer
FOR EACH ROW WHEN (OLD.variant_id IS NOT NULL AND OLD.variant_id IS DISTINCT FROM NEW.variant_id)
EXECUTE FUNCTION statements_end_with_links();
