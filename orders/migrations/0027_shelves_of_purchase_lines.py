from django.db import migrations

# As each was sold: nothing was routed anew until now.
FILL = """
UPDATE orders_purchaseline pl
SET offer_id = l.offer_id, level_id = l.level_id, cost_currency = l.cost_currency
FROM orders_orderline l
WHERE l.id = pl.order_line_id AND pl.level_id IS NULL
"""


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0026_setbacks'),
    ]

    operations = [
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
