from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="ApiKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(help_text="Owner of the key. Prices sent with this key carry this name.", max_length=60, verbose_name="Name")),
                ("prefix", models.CharField(max_length=20, verbose_name="Prefix")),
                ("digest", models.CharField(max_length=64, unique=True, verbose_name="Hash")),
                ("created_by", models.CharField(max_length=100, verbose_name="Created by")),
                ("created_at", models.DateTimeField(verbose_name="Created")),
                ("last_used_at", models.DateTimeField(blank=True, null=True, verbose_name="Last used")),
                ("revoked_by", models.CharField(blank=True, max_length=100, verbose_name="Revoked by")),
                ("revoked_at", models.DateTimeField(blank=True, null=True, verbose_name="Revoked")),
            ],
            options={"verbose_name": "API key", "verbose_name_plural": "API keys", "constraints": [models.UniqueConstraint(condition=models.Q(("revoked_at", None)), fields=("name",), name="api_key_name_once")]},
        ),
        migrations.CreateModel(
            name="IdempotencyRecord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("principal", models.CharField(max_length=64, verbose_name="Client")),
                ("key", models.CharField(max_length=255, verbose_name="Idempotency key")),
                ("route", models.CharField(max_length=100, verbose_name="Request")),
                ("request_digest", models.CharField(max_length=64, verbose_name="Request hash")),
                ("started_at", models.DateTimeField(verbose_name="Started")),
                ("done_at", models.DateTimeField(blank=True, null=True, verbose_name="Completed")),
                ("status_code", models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="HTTP status")),
                ("response", models.TextField(blank=True, verbose_name="Response")),
            ],
            options={"verbose_name": "idempotent response", "verbose_name_plural": "idempotent responses", "constraints": [models.UniqueConstraint(fields=("principal", "key"), name="idempotency_key_once")]},
        ),
    ]
