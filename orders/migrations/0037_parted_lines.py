import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0036_exchanging'),
    ]

    operations = [
        migrations.AddField(
            model_name='orderline',
            name='parted_from',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='parts', to='orders.orderline'),
        ),
    ]
