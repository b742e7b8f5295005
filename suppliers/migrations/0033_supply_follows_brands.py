from django.db import migrations

# A brand without the responsible person that it needs is not sold to the EU: its listings are
# published again when that changes, or when a product changes its brand.
OF_BRANDS = """
CREATE FUNCTION supply_follows_brand() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO suppliers_unpublishedsupply (variant_id)
    SELECT v.id FROM catalog_variant v JOIN catalog_product p ON p.id = v.product_id
    WHERE p.brand_id = NEW.id;
    RETURN NULL;
END
$$;
CREATE TRIGGER supply_follows_brand
AFTER UPDATE ON catalog_brand
FOR EACH ROW WHEN (OLD.lacks_responsible_person IS DISTINCT FROM NEW.lacks_responsible_person)
EXECUTE FUNCTION supply_follows_brand();

CREATE FUNCTION supply_follows_brand_of_product() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO suppliers_unpublishedsupply (variant_id)
    SELECT v.id FROM catalog_variant v, catalog_brand was, catalog_brand becomes
    WHERE v.product_id = NEW.id AND was.id = OLD.brand_id AND becomes.id = NEW.brand_id
      AND was.lacks_responsible_person <> becomes.lacks_responsible_person;
    RETURN NULL;
END
$$;
CREATE TRIGGER supply_follows_brand_of_product
AFTER UPDATE OF brand_id ON catalog_product
FOR EACH ROW WHEN (OLD.brand_id IS DISTINCT FROM NEW.brand_id)
EXECUTE FUNCTION supply_follows_brand_of_product();
"""
NO_LONGER = """
DROP TRIGGER supply_follows_brand_of_product ON catalog_product;
DROP FUNCTION supply_follows_brand_of_product();
DROP TRIGGER supply_follows_brand ON catalog_brand;
DROP FUNCTION supply_follows_brand();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0031_responsible_persons"),
        ("suppliers", "0032_publish_goods_of_several_origins"),
    ]

    operations = [
        migrations.RunSQL(OF_BRANDS, NO_LONGER),
    ]
