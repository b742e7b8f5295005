import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0027_shelves_of_purchase_lines'),
    ]

    operations = [
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
