from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="ApiKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=60, verbose_name="Name")),
                ("prefix", models.CharField(max_length=20)),
                ("digest", models.CharField(max_length=64, unique=True)),
                ("made_by", models.CharField(max_length=100)),
                ("made_at", models.DateTimeField()),
                ("last_used_at", models.DateTimeField(blank=True, null=True)),
                ("revoked_by", models.CharField(blank=True, max_length=100)),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={"constraints": [models.UniqueConstraint(condition=models.Q(("revoked_at", None)), fields=("name",), name="api_key_name_once")]},
        ),
        migrations.CreateModel(
            name="IdempotencyRecord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("principal", models.CharField(max_length=64)),
                ("key", models.CharField(max_length=255)),
                ("route", models.CharField(max_length=100)),
                ("request_digest", models.CharField(max_length=64)),
                ("started_at", models.DateTimeField()),
                ("done_at", models.DateTimeField(blank=True, null=True)),
                ("status_code", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("response", models.TextField(blank=True)),
            ],
            options={"constraints": [models.UniqueConstraint(fields=("principal", "key"), name="idempotency_key_once")]},
        ),
    ]
