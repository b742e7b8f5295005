from django.db import migrations, models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint
import django.db.models.deletion

# It was a table of the app ``shipping``: its rows, and what staff may do with them, stay.
MOVED = """
ALTER TABLE shipping_service RENAME TO suppliers_service;
UPDATE django_content_type SET app_label = 'suppliers'
WHERE app_label = 'shipping' AND model = 'service';
"""
MOVED_BACK = """
UPDATE django_content_type SET app_label = 'shipping'
WHERE app_label = 'suppliers' AND model = 'service';
ALTER TABLE suppliers_service RENAME TO shipping_service;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('contenttypes', '0002_remove_content_type_name'),
        ('shipping', '0005_choices_in_words'),
        ('suppliers', '0023_choices_in_words'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(MOVED, MOVED_BACK)],
            state_operations=[
                migrations.CreateModel(
                    name='Service',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('code', models.SlugField(max_length=40)),
                        ('tier', models.CharField(max_length=12)),
                        ('carrier_service', models.CharField(max_length=50)),
                        ('countries', models.JSONField(default=list)),
                        ('currency', models.CharField(max_length=3)),
                        ('base_amount', models.DecimalField(decimal_places=2, max_digits=10)),
                        ('per_kg_amount', models.DecimalField(decimal_places=2, max_digits=10)),
                        ('min_days', models.PositiveSmallIntegerField()),
                        ('max_days', models.PositiveSmallIntegerField()),
                        ('max_weight_g', models.PositiveIntegerField(default=2000)),
                        ('accepts_inside', models.BooleanField(default=True)),
                        ('accepts_with', models.BooleanField(default=False)),
                        ('accepts_alone', models.BooleanField(default=False)),
                        ('max_cell_wh', models.DecimalField(decimal_places=2, default=20, max_digits=6)),
                        ('max_battery_wh', models.DecimalField(decimal_places=2, default=100, max_digits=6)),
                        ('max_cells', models.PositiveSmallIntegerField(blank=True, null=True)),
                        ('is_active', models.BooleanField(default=True)),
                        ('location', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='services', to='suppliers.stocklocation')),
                    ],
                    options={
                        'constraints': [
                            UniqueConstraint(fields=('location', 'code'), name='service_once_per_location'),
                            CheckConstraint(condition=Q(('max_days__gte', F('min_days'))), name='service_days_in_order'),
                            CheckConstraint(condition=Q(('base_amount__gte', 0), ('per_kg_amount__gte', 0)), name='service_price_not_negative'),
                        ],
                    },
                ),
            ],
        ),
    ]
