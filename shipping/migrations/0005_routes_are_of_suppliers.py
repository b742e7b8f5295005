from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('shipping', '0004_parcels_without_a_number'),
        ('suppliers', '0023_routes'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.DeleteModel(name='Service')],
        ),
    ]
