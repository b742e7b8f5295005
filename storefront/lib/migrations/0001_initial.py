from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="StatusChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("subject", models.CharField(max_length=60, verbose_name="Record type")),
                ("subject_id", models.BigIntegerField(verbose_name="Record ID")),
                ("status_field", models.CharField(max_length=30, verbose_name="Status field")),
                ("from_status", models.CharField(max_length=30, verbose_name="Previous status")),
                ("to_status", models.CharField(max_length=30, verbose_name="New status")),
                ("at", models.DateTimeField(verbose_name="When")),
                ("actor", models.CharField(blank=True, max_length=100, verbose_name="User")),
                ("reason", models.CharField(blank=True, max_length=500, verbose_name="Reason")),
            ],
            options={"verbose_name": "status change", "verbose_name_plural": "status changes", "indexes": [models.Index(fields=["subject", "subject_id", "status_field", "id"], name="lib_statusc_subject_1d25d0_idx")]},
        )
    ]
