import django.db.models.deletion
from django.db import migrations, models

# A changed figure is written on the page where it stood, and in no index, if there is room for it.
ROOM = """
ALTER TABLE suppliers_supplieroffer SET (fillfactor = 90);
ALTER TABLE suppliers_stocklevel SET (fillfactor = 90);
"""
NO_ROOM = """
ALTER TABLE suppliers_supplieroffer RESET (fillfactor);
ALTER TABLE suppliers_stocklevel RESET (fillfactor);
"""
# All offers are written anew for one column: some seconds for each million.
PATIENCE = "SET LOCAL statement_timeout = 0"


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0022_no_card_without_its_variant'),
        ('suppliers', '0026_publish_where_to'),
    ]

    operations = [
        migrations.RunSQL(ROOM, NO_ROOM),  # before the table of offers is written anew
        migrations.RunSQL(PATIENCE, migrations.RunSQL.noop),
        migrations.RemoveIndex(
            model_name='supplieroffer',
            name='offer_not_sold',
        ),
        migrations.AddField(
            model_name='supplieroffer',
            name='has_cost',
            field=models.GeneratedField(db_persist=True, expression=models.ExpressionWrapper(models.Q(('cost_amount__isnull', False)), output_field=models.BooleanField()), output_field=models.BooleanField()),
        ),
        migrations.AlterField(
            model_name='stocklevel',
            name='location',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='levels', to='suppliers.stocklocation'),
        ),
        migrations.AlterField(
            model_name='stocklevel',
            name='offer',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='levels', to='suppliers.supplieroffer'),
        ),
        migrations.RemoveField(
            model_name='stocklevel',
            name='run',  # its movements name it
        ),
        migrations.AlterField(
            model_name='supplieroffer',
            name='run',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='suppliers.feedrun'),
        ),
        migrations.AlterField(
            model_name='supplieroffer',
            name='supplier',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='offers', to='suppliers.supplier'),
        ),
        migrations.AddIndex(
            model_name='supplieroffer',
            index=models.Index(condition=models.Q(models.Q(('status', 'active'), _negated=True), models.Q(('missing_evidence', ''), _negated=True), ('has_cost', False), _connector='OR'), fields=['variant'], name='offer_not_sold'),
        ),
    ]
