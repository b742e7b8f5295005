"""What locks large tables for long, apart: an index of carts, and a look at all orders."""

from django.contrib.postgres.operations import AddIndexConcurrently, ValidateConstraint
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ("orders", "0021_held_by_one_shopper"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="cart",
            index=models.Index(
                condition=models.Q(("browser_key", ""), _negated=True),
                fields=["browser_key"],
                name="cart_by_browser",
            ),
        ),
        ValidateConstraint(model_name="order", name="order_not_held_for_ever"),
    ]
