from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    # Existing lines are looked at without stopping who writes them.

    dependencies = [("orders", "0031_returns")]

    operations = [
        ValidateConstraint(model_name="orderline", name="order_line_returned_was_shipped"),
    ]
