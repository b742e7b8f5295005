from django.db import migrations

# Publish goods stocked in several countries again, to record where each country can send them.
PUBLISH = """
INSERT INTO suppliers_unpublishedsupply (variant_id)
SELECT DISTINCT variant_id FROM catalog_listing
WHERE (SELECT count(*) FROM jsonb_object_keys(ships_from)) > 1
"""


class Migration(migrations.Migration):

    dependencies = [
        ('suppliers', '0031_gateways_have_breakers'),
        ('catalog', '0029_filters_by_brand_color_and_origin'),
    ]

    operations = [
        migrations.RunSQL(PUBLISH, migrations.RunSQL.noop),
    ]
