from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0027_beam_filter_and_cell_capacity"),
    ]

    operations = [
        migrations.AlterField(
            model_name="pricehold",
            name="reason",
            field=models.CharField(
                choices=[
                    ("no_margin", "nothing is left to pay the cost with"),
                    ("zero", "the rule asks for nothing"),
                    ("too_high", "no light costs so much"),
                    ("floor_above_msrp", "the lowest margin asks more than the MSRP"),
                    ("map_above_msrp", "MAP is above MSRP"),
                    ("moved_too_far", "moves too far at once"),
                    ("moved_too_far_today", "moves too far in a day"),
                    ("first_too_high", "the first price is far above its category"),
                ],
                max_length=20,
            ),
        ),
    ]
