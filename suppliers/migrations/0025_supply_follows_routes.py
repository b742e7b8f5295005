from django.db import migrations

# Whoever changes a route, or what a route asks of a variant, has its listings published anew.
OF_ROUTES = """
CREATE FUNCTION supply_follows_route() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND ROW(
        OLD.location_id, OLD.countries, OLD.currency, OLD.max_weight_g, OLD.accepts_inside,
        OLD.accepts_with, OLD.accepts_alone, OLD.max_cell_wh, OLD.max_battery_wh,
        OLD.max_cells, OLD.is_active
    ) IS NOT DISTINCT FROM ROW(
        NEW.location_id, NEW.countries, NEW.currency, NEW.max_weight_g, NEW.accepts_inside,
        NEW.accepts_with, NEW.accepts_alone, NEW.max_cell_wh, NEW.max_battery_wh,
        NEW.max_cells, NEW.is_active
    ) THEN
        RETURN NULL;
    END IF;
    INSERT INTO suppliers_unpublishedsupply (variant_id)
    SELECT DISTINCT o.variant_id
    FROM suppliers_stocklevel l JOIN suppliers_supplieroffer o ON o.id = l.offer_id
    WHERE l.location_id IN (OLD.location_id, NEW.location_id) AND o.variant_id IS NOT NULL;
    RETURN NULL;
END
$$;
CREATE TRIGGER supply_follows_route
AFTER INSERT OR UPDATE OR DELETE ON suppliers_service
FOR EACH ROW EXECUTE FUNCTION supply_follows_route();
"""
OF_VARIANTS = """
CREATE FUNCTION supply_follows_variant() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO suppliers_unpublishedsupply (variant_id) VALUES (NEW.id);
    RETURN NULL;
END
$$;
CREATE TRIGGER supply_follows_variant
AFTER UPDATE OF packed_weight_g, lithium, cell_wh, cell_count ON catalog_variant
FOR EACH ROW WHEN (
    (OLD.packed_weight_g, OLD.lithium, OLD.cell_wh, OLD.cell_count)
    IS DISTINCT FROM (NEW.packed_weight_g, NEW.lithium, NEW.cell_wh, NEW.cell_count)
) EXECUTE FUNCTION supply_follows_variant();
"""
NO_LONGER = """
DROP TRIGGER supply_follows_variant ON catalog_variant;
DROP FUNCTION supply_follows_variant();
DROP TRIGGER supply_follows_route ON suppliers_service;
DROP FUNCTION supply_follows_route();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0020_areas'),
        ('suppliers', '0024_routes'),
    ]

    operations = [
        migrations.RunSQL(OF_ROUTES + OF_VARIANTS, NO_LONGER),
    ]
