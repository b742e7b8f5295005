from decimal import Decimal

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    # What is there was drafted when nobody could ask for a margin: it goes on asking for none.

    dependencies = [("orders", "0032_returned_was_shipped")]

    operations = [
        migrations.AddField(
            model_name="routingrules",
            name="least_margin_rate",
            field=models.DecimalField(max_digits=5, decimal_places=4, null=True, blank=True),
        ),
        migrations.AlterField(
            model_name="routingrules",
            name="least_margin_rate",
            field=models.DecimalField(
                max_digits=5, decimal_places=4, null=True, blank=True, default=Decimal(0)
            ),
        ),
        migrations.AddConstraint(
            model_name="routingrules",
            constraint=models.CheckConstraint(
                condition=Q(least_margin_rate=None)
                | Q(least_margin_rate__gte=0, least_margin_rate__lt=1),
                name="routing_least_margin_is_fraction",
            ),
        ),
    ]
