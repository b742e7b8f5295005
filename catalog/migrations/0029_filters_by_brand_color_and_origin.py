import django.contrib.postgres.fields
from django.db import migrations, models

from catalog.attributes.colors import OTHER, WORDS
from storefront.lib.text import folded_sql

# A listing that is stocked in one country reaches its area from there. The others are published
# again (suppliers.0032).
FILL_LISTINGS = """
UPDATE catalog_listing listing
SET areas_from = jsonb_build_object((SELECT jsonb_object_keys(listing.ships_from)), area_id)
WHERE area_id IS NOT NULL
  AND (SELECT count(*) FROM jsonb_object_keys(listing.ships_from)) = 1
"""
FILL_ORIGINS = """
UPDATE catalog_card card
SET sent_from = ARRAY(
    SELECT place.country || ':' || place.area FROM jsonb_each_text(listing.areas_from)
    AS place(country, area) ORDER BY 1
)::varchar[]
FROM catalog_listing listing
WHERE listing.variant_id = card.variant_id AND listing.channel_id = card.channel_id
"""
FILL_COLORS = f"""
UPDATE catalog_card card
SET colors = COALESCE(CASE WHEN card.available > 0 THEN found.in_stock ELSE found.listed END, '{{}}')
FROM (
    SELECT listing.channel_id, variant.product_id,
        array_agg(DISTINCT COALESCE(known.color, '{OTHER}')::varchar)
            FILTER (WHERE listing.available > 0) AS in_stock,
        array_agg(DISTINCT COALESCE(known.color, '{OTHER}')::varchar) AS listed
    FROM catalog_listing listing
    JOIN catalog_variant variant ON variant.id = listing.variant_id
    LEFT JOIN unnest(%(colors)s::text[], %(color_words)s::text[]) AS known(color, words)
      ON string_to_array(known.words, ' ')
        && regexp_split_to_array({folded_sql("variant.color")}, '[^[:alpha:]]+')
    WHERE listing.is_published AND variant.color <> ''
      AND (variant.status <> 'discontinued' OR listing.available > 0)
    GROUP BY listing.channel_id, variant.product_id
) AS found
WHERE found.product_id = card.product_id AND found.channel_id = card.channel_id
"""
# Stored counts are read by position, and there are three more filters now.
COUNT_AGAIN = "DELETE FROM catalog_shelftally"


def fill_colors(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(FILL_COLORS, {"colors": list(WORDS), "color_words": list(WORDS.values())})


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0028_first_price_limit'),
    ]

    operations = [
        migrations.AddField(
            model_name='listing',
            name='areas_from',
            field=models.JSONField(blank=True, db_default=models.Value({}, models.JSONField()), default=dict),
        ),
        migrations.AddField(
            model_name='card',
            name='colors',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20), default=list, size=None),
        ),
        migrations.AddField(
            model_name='card',
            name='sent_from',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20), default=list, size=None),
        ),
        migrations.AddField(
            model_name='shelftally',
            name='origins',
            field=models.JSONField(default=dict),
        ),
        migrations.RunSQL(FILL_LISTINGS, migrations.RunSQL.noop),
        migrations.RunSQL(FILL_ORIGINS, migrations.RunSQL.noop),
        migrations.RunPython(fill_colors, migrations.RunPython.noop),
        migrations.RunSQL(COUNT_AGAIN, migrations.RunSQL.noop),
    ]
