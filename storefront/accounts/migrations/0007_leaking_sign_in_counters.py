from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0006_address_changes_stopped'),
    ]

    operations = [
        migrations.AlterField(
            model_name='signintries',
            name='count',
            field=models.DecimalField(decimal_places=4, default=0, max_digits=9),
        ),
        migrations.AddField(
            model_name='signintries',
            name='succeeded_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
