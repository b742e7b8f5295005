from django.db import migrations

# Whoever says where goods may not be sent has their listings published anew.
OF_PRODUCTS = """
CREATE FUNCTION supply_follows_product() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.not_sent_to IS NOT DISTINCT FROM OLD.not_sent_to AND NOT EXISTS (
        SELECT FROM catalog_category was, catalog_category becomes
        WHERE was.id = OLD.category_id AND becomes.id = NEW.category_id
          AND was.not_sent_to IS DISTINCT FROM becomes.not_sent_to
    ) THEN
        RETURN NULL;
    END IF;
    INSERT INTO suppliers_unpublishedsupply (variant_id)
    SELECT id FROM catalog_variant WHERE product_id = NEW.id;
    RETURN NULL;
END
$$;
CREATE TRIGGER supply_follows_product
AFTER UPDATE OF not_sent_to, category_id ON catalog_product
FOR EACH ROW WHEN (
    (OLD.not_sent_to, OLD.category_id) IS DISTINCT FROM (NEW.not_sent_to, NEW.category_id)
) EXECUTE FUNCTION supply_follows_product();
"""
OF_SHELVES = """
CREATE FUNCTION supply_follows_category() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO suppliers_unpublishedsupply (variant_id)
    SELECT v.id FROM catalog_variant v JOIN catalog_product p ON p.id = v.product_id
    WHERE p.category_id = NEW.id;
    RETURN NULL;
END
$$;
CREATE TRIGGER supply_follows_category
AFTER UPDATE OF not_sent_to ON catalog_category
FOR EACH ROW WHEN (OLD.not_sent_to IS DISTINCT FROM NEW.not_sent_to)
EXECUTE FUNCTION supply_follows_category();
"""
NO_LONGER = """
DROP TRIGGER supply_follows_category ON catalog_category;
DROP FUNCTION supply_follows_category();
DROP TRIGGER supply_follows_product ON catalog_product;
DROP FUNCTION supply_follows_product();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0023_not_sent_to'),
        ('suppliers', '0029_sending_and_bills'),
    ]

    operations = [
        migrations.RunSQL(OF_PRODUCTS + OF_SHELVES, NO_LONGER),
    ]
