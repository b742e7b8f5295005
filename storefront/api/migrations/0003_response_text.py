from django.db import migrations, models


class Migration(migrations.Migration):
    """Store responses as text, which holds what jsonb refuses."""

    dependencies = [("api", "0002_price_keys")]

    operations = [
        migrations.AlterField(
            model_name="idempotencyrecord",
            name="response",
            field=models.TextField(blank=True, default=""),
            preserve_default=False,
        ),
    ]
