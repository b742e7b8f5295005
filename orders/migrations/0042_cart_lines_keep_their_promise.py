from django.db import migrations, models

class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0041_order_permissions'),
    ]

    operations = [
        migrations.AddField(
            model_name='cartline',
            name='promised_from',
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='cartline',
            name='promised_to',
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='cartline',
            name='promised_origin',
            field=models.CharField(blank=True, db_default='', default='', max_length=2),
        ),
        migrations.AddField(
            model_name='cartline',
            name='promised_country',
            field=models.CharField(blank=True, db_default='', default='', max_length=2),
        ),
        migrations.AddConstraint(
            model_name='cartline',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('promised_country', ''), ('promised_from', None), ('promised_origin', ''), ('promised_to', None)), models.Q(('promised_from__isnull', False), ('promised_to__gte', models.F('promised_from')), ('promised_to__isnull', False), models.Q(('promised_origin', ''), _negated=True), models.Q(('promised_country', ''), _negated=True)), _connector='OR'), name='cart_line_promise_whole'),
        ),
    ]
