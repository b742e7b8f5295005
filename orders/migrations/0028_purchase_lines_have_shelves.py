import django.db.models.deletion
from django.db import migrations, models

FILL = """
UPDATE orders_purchaseline pl
SET offer_id = l.offer_id, level_id = l.level_id, cost_currency = l.cost_currency
FROM orders_orderline l
WHERE l.id = pl.order_line_id AND pl.level_id IS NULL
"""


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0027_shelves_of_purchase_lines'),
    ]

    operations = [
        # What a worker of the version before made since.
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.RunSQL('SET CONSTRAINTS ALL IMMEDIATE', migrations.RunSQL.noop),
        migrations.AlterField(
            model_name='purchaseline',
            name='cost_currency',
            field=models.CharField(max_length=3),
        ),
        migrations.AlterField(
            model_name='purchaseline',
            name='level',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='purchase_lines', to='suppliers.stocklevel'),
        ),
        migrations.AlterField(
            model_name='purchaseline',
            name='offer',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='purchase_lines', to='suppliers.supplieroffer'),
        ),
    ]
