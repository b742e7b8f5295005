from django.db import migrations

from storefront.lib.db.migration_slices import by_slices

EVERYWHERE = "INSERT INTO catalog_area (countries) VALUES ('{}') ON CONFLICT DO NOTHING"

# As lists took it so far; what is published next knows better.
SENT_EVERYWHERE = """
UPDATE catalog_listing SET area_id = (SELECT id FROM catalog_area WHERE countries = '{}')
WHERE id > %(after)s AND id <= %(till)s AND available > 0 AND area_id IS NULL
"""

# As cards are written from now on (``catalog.search.index``).
NAME_THEM = """
UPDATE catalog_card card
SET variant_id = lead.variant_id, available = lead.available, area_id = lead.area_id
FROM catalog_card old CROSS JOIN LATERAL (
    SELECT variant.id AS variant_id, listing.available, listing.area_id
    FROM catalog_variant variant
    JOIN catalog_listing listing
      ON listing.variant_id = variant.id AND listing.channel_id = old.channel_id
    WHERE variant.product_id = old.product_id AND listing.is_published
      AND (variant.status <> 'discontinued' OR listing.available > 0)
    ORDER BY (listing.available = 0), listing.price_amount, variant.position, variant.id
    LIMIT 1
) lead
WHERE card.id = old.id AND old.id > %(after)s AND old.id <= %(till)s
  AND (card.variant_id, card.available, card.area_id)
    IS DISTINCT FROM (lead.variant_id, lead.available, lead.area_id)
"""

# A card of nothing that is for show.
TAKE_DOWN = """
DELETE FROM catalog_card
WHERE id > %(after)s AND id <= %(till)s AND variant_id IS NULL
"""


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('catalog', '0020_areas'),
    ]

    operations = [
        migrations.RunSQL(EVERYWHERE, migrations.RunSQL.noop),
        by_slices(SENT_EVERYWHERE, table='catalog_listing'),
        by_slices(NAME_THEM, table='catalog_card'),
        by_slices(TAKE_DOWN, table='catalog_card'),
    ]
