import django.db.models.deletion
from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0036_exchanging'),
    ]

    operations = [
        # First, as nobody waits for them: the column locks the lines, if only for a moment.
        ValidateConstraint('returnauthorization', 'return_difference_of_an_exchange'),
        ValidateConstraint('returnline', 'return_line_parts_within_share'),
        migrations.AddField(
            model_name='orderline',
            name='parted_from',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='parts', to='orders.orderline'),
        ),
    ]
