from django.db import migrations

from storefront.lib.db.migration_slices import by_slices

# Listings do not know yet where they can be sent.
ASK = """
INSERT INTO suppliers_unpublishedsupply (variant_id)
SELECT DISTINCT variant_id FROM suppliers_supplieroffer
WHERE id > %(after)s AND id <= %(till)s AND status = 'active' AND variant_id IS NOT NULL
"""


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('suppliers', '0025_supply_follows_routes'),
    ]

    operations = [
        by_slices(ASK, table='suppliers_supplieroffer'),
    ]
