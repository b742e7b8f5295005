from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0006_address_changes_stopped'),
    ]

    operations = [
        migrations.AlterField(
            model_name='signintries',
            name='count',
            field=models.FloatField(default=0),
        ),
        migrations.AddField(
            model_name='signintries',
            name='succeeded_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
