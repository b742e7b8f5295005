import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0021_tell_listings_and_cards'),
    ]

    operations = [
        migrations.AlterField(
            model_name='card',
            name='variant',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='catalog.variant'),
        ),
    ]
