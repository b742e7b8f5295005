from django.db import migrations

from storefront.lib.db.migration_slices import by_slices

# What a line paid in tax was known by its rate alone.
TAX_OF_LINES = """
UPDATE orders_orderline SET tax_amount = round(line_amount * tax_rate / (1 + tax_rate), 2)
WHERE id > %(after)s AND id <= %(till)s AND tax_rate > 0 AND tax_amount = 0
"""


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("orders", "0014_stripe_payments"),
    ]

    operations = [
        by_slices(TAX_OF_LINES, table="orders_orderline"),
    ]
