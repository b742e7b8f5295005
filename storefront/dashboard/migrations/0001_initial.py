import django.core.serializers.json
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="InvariantViolation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=60, unique=True)),
                ("sentence", models.CharField(max_length=300)),
                ("count", models.PositiveIntegerField()),
                ("rows", models.JSONField(encoder=django.core.serializers.json.DjangoJSONEncoder)),
                ("since", models.DateTimeField()),
                ("seen_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="InboxAssignment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("cause", models.SlugField(max_length=40)),
                ("row", models.BigIntegerField()),
                ("by", models.CharField(max_length=100)),
                ("at", models.DateTimeField()),
            ],
            options={"verbose_name_plural": "taken", "constraints": [models.UniqueConstraint(fields=("cause", "row"), name="inbox_assignment_once")]},
        ),
        migrations.CreateModel(
            name="InvariantCheckRun",
            fields=[("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")), ("at", models.DateTimeField()), ("newest_unpublished_supply", models.BigIntegerField(default=0))],
            options={"indexes": [models.Index(fields=["at"], name="checkup_by_time")]},
        ),
    ]
