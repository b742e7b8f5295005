-- Publication: a change that may alter where or whether a variant is sold queues the variant in
-- suppliers_pendingpublication, in the same transaction as the change.

-- Queues the variants stocked at the location of a changed shipping service.
CREATE OR REPLACE FUNCTION supply_follows_route() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND ROW(
        OLD.location_id, OLD.countries, OLD.currency, OLD.max_weight_g, OLD.accepts_cells_in_equipment,
        OLD.accepts_cells_with_equipment, OLD.accepts_cells_alone, OLD.max_cell_wh, OLD.max_battery_wh,
        OLD.max_cells, OLD.is_active
    ) IS NOT DISTINCT FROM ROW(
        NEW.location_id, NEW.countries, NEW.currency, NEW.max_weight_g, NEW.accepts_cells_in_equipment,
        NEW.accepts_cells_with_equipment, NEW.accepts_cells_alone, NEW.max_cell_wh, NEW.max_battery_wh,
        NEW.max_cells, NEW.is_active
    ) THEN
        RETURN NULL;
    END IF;
    INSERT INTO suppliers_pendingpublication (variant_id)
    SELECT DISTINCT o.variant_id
    FROM suppliers_stocklevel l JOIN suppliers_supplieroffer o ON o.id = l.offer_id
    WHERE l.location_id IN (OLD.location_id, NEW.location_id) AND o.variant_id IS NOT NULL;
    RETURN NULL;
END
$$;

-- A new price or duration of a service does not change what is for sale.
CREATE OR REPLACE TRIGGER supply_follows_route
AFTER INSERT OR UPDATE OR DELETE ON suppliers_shippingservice
FOR EACH ROW EXECUTE FUNCTION supply_follows_route();

-- Queues a variant.
CREATE OR REPLACE FUNCTION supply_follows_variant() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO suppliers_pendingpublication (variant_id) VALUES (NEW.id);
    RETURN NULL;
END
$$;

-- Weight and batteries decide which shipping services accept a variant.
CREATE OR REPLACE TRIGGER supply_follows_variant
AFTER UPDATE OF packed_weight_g, lithium, cell_wh, cell_count ON catalog_variant
FOR EACH ROW WHEN (
    (OLD.packed_weight_g, OLD.lithium, OLD.cell_wh, OLD.cell_count)
    IS DISTINCT FROM (NEW.packed_weight_g, NEW.lithium, NEW.cell_wh, NEW.cell_count)
) EXECUTE FUNCTION supply_follows_variant();

-- Queues the variants of a product, unless its new category has the restrictions of the old one.
CREATE OR REPLACE FUNCTION supply_follows_product() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.restricted_countries IS NOT DISTINCT FROM OLD.restricted_countries AND NOT EXISTS (
        SELECT FROM catalog_category was, catalog_category becomes
        WHERE was.id = OLD.category_id AND becomes.id = NEW.category_id
          AND was.restricted_countries IS DISTINCT FROM becomes.restricted_countries
    ) THEN
        RETURN NULL;
    END IF;
    INSERT INTO suppliers_pendingpublication (variant_id)
    SELECT id FROM catalog_variant WHERE product_id = NEW.id;
    RETURN NULL;
END
$$;

-- A product has restrictions of its own and those of its category.
CREATE OR REPLACE TRIGGER supply_follows_product
AFTER UPDATE OF restricted_countries, category_id ON catalog_product
FOR EACH ROW WHEN (
    (OLD.restricted_countries, OLD.category_id) IS DISTINCT FROM (NEW.restricted_countries, NEW.category_id)
) EXECUTE FUNCTION supply_follows_product();

-- Queues the variants of a category.
CREATE OR REPLACE FUNCTION supply_follows_category() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO suppliers_pendingpublication (variant_id)
    SELECT v.id FROM catalog_variant v JOIN catalog_product p ON p.id = v.product_id
    WHERE p.category_id = NEW.id;
    RETURN NULL;
END
$$;

-- Restrictions of a category apply to its products.
CREATE OR REPLACE TRIGGER supply_follows_category
AFTER UPDATE OF restricted_countries ON catalog_category
FOR EACH ROW WHEN (OLD.restricted_countries IS DISTINCT FROM NEW.restricted_countries)
EXECUTE FUNCTION supply_follows_category();

-- Queues the variants of a brand.
CREATE OR REPLACE FUNCTION supply_follows_brand() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO suppliers_pendingpublication (variant_id)
    SELECT v.id FROM catalog_variant v JOIN catalog_product p ON p.id = v.product_id
    WHERE p.brand_id = NEW.id;
    RETURN NULL;
END
$$;

-- A brand that lacks the responsible person it needs is not sold to the EU. The column is computed
-- from others, so an UPDATE never names it.
CREATE OR REPLACE TRIGGER supply_follows_brand
AFTER UPDATE ON catalog_brand
FOR EACH ROW WHEN (OLD.lacks_responsible_person IS DISTINCT FROM NEW.lacks_responsible_person)
EXECUTE FUNCTION supply_follows_brand();

-- Queues the variants of a product, if only one of its two brands is sold to the EU.
CREATE OR REPLACE FUNCTION supply_follows_brand_of_product() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO suppliers_pendingpublication (variant_id)
    SELECT v.id FROM catalog_variant v, catalog_brand was, catalog_brand becomes
    WHERE v.product_id = NEW.id AND was.id = OLD.brand_id AND becomes.id = NEW.brand_id
      AND was.lacks_responsible_person <> becomes.lacks_responsible_person;
    RETURN NULL;
END
$$;

-- A changed brand may change whether the product is sold to the EU.
CREATE OR REPLACE TRIGGER supply_follows_brand_of_product
AFTER UPDATE OF brand_id ON catalog_product
FOR EACH ROW WHEN (OLD.brand_id IS DISTINCT FROM NEW.brand_id)
EXECUTE FUNCTION supply_follows_brand_of_product();
