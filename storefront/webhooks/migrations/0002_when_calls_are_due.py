import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("hooks", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="inboundcall",
            name="due_at",
            field=models.DateTimeField(default=django.utils.timezone.now),
            preserve_default=False,
        ),
        migrations.AddIndex(
            model_name="inboundcall",
            index=models.Index(
                condition=models.Q(("status", "received")),
                fields=["due_at"],
                name="inbound_call_is_due",
            ),
        ),
    ]
