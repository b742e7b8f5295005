from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="AuditEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(auto_now_add=True, verbose_name="When")),
                ("actor", models.CharField(max_length=254, verbose_name="User")),
                ("action", models.CharField(choices=[("added", "Added"), ("changed", "Changed"), ("deleted", "Deleted"), ("acted", "Ran an action"), ("sent", "Sent a form"), ("downloaded", "Downloaded"), ("viewed_as", "Viewed the shop as customer")], max_length=20, verbose_name="Action")),
                ("subject", models.CharField(blank=True, max_length=60, verbose_name="Record type")),
                ("subject_id", models.CharField(blank=True, max_length=40, verbose_name="Record ID")),
                ("detail", models.CharField(blank=True, max_length=1000, verbose_name="Details")),
            ],
            options={"verbose_name": "audit event", "verbose_name_plural": "audit events", "indexes": [models.Index(fields=["actor", "id"], name="audit_by_actor"), models.Index(fields=["subject", "subject_id", "id"], name="audit_by_subject")]},
        ),
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
            options={"verbose_name": "status change", "verbose_name_plural": "status changes", "indexes": [models.Index(fields=["subject", "subject_id", "status_field", "id"], name="lib_statusc_subject_1d25d0_idx"), models.Index(condition=models.Q(("actor", ""), _negated=True), fields=["actor"], name="status_change_by_actor")]},
        )
    ]
