from django.db import migrations, models

# Stored counts are read by position, and there is one more filter now.
COUNT_AGAIN = "DELETE FROM catalog_shelftally"
FILL = """
UPDATE catalog_card card SET capacity_mah = spec.battery_capacity_mah
FROM catalog_spec spec
WHERE spec.product_id = card.product_id AND card.family = 'battery'
"""


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0026_model_numbers'),
    ]

    operations = [
        migrations.AddField(
            model_name='card',
            name='capacity_mah',
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.RunSQL(COUNT_AGAIN, migrations.RunSQL.noop),
    ]
