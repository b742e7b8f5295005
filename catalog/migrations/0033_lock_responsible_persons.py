from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("catalog", "0032_longer_ip_ratings"),
    ]

    operations = [
        migrations.AddField(
            model_name="brand",
            name="is_responsible_locked",
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
