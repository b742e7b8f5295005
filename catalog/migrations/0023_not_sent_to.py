import django.contrib.postgres.fields
from django.db import migrations, models

# A code that no country has forbids nothing. No row that is there has any: nothing is to be read.
CODES = """
ALTER TABLE catalog_{table} ADD CONSTRAINT {table}_not_sent_to_codes CHECK (
    not_sent_to = '{{}}'
    OR array_to_string(not_sent_to, ',', '?') ~ '^[A-Z]{{2}}(,[A-Z]{{2}})*$'
) NOT VALID
"""
NO_CODES = "ALTER TABLE catalog_{table} DROP CONSTRAINT {table}_not_sent_to_codes"


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0022_no_card_without_its_variant'),
    ]

    operations = [
        migrations.AddField(
            model_name='category',
            name='not_sent_to',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=2), blank=True, db_default=[], default=list, size=None),
        ),
        migrations.AddField(
            model_name='product',
            name='not_sent_to',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=2), blank=True, db_default=[], default=list, size=None),
        ),
        *(
            migrations.RunSQL(CODES.format(table=table), NO_CODES.format(table=table))
            for table in ('category', 'product')
        ),
    ]
