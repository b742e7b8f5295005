import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Event",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=120, unique=True, verbose_name="Key")),
                ("name", models.CharField(max_length=50, verbose_name="What happened")),
                ("subject", models.CharField(max_length=80, verbose_name="Record")),
                ("sequence", models.PositiveIntegerField(verbose_name="Event number")),
                ("payload", models.JSONField(verbose_name="Content")),
                ("occurred_at", models.DateTimeField(verbose_name="When")),
                ("fanned_out_at", models.DateTimeField(blank=True, null=True, verbose_name="Forwarded to notifications")),
            ],
            options={
                "verbose_name": "event",
                "verbose_name_plural": "events",
                "indexes": [models.Index(condition=models.Q(("fanned_out_at__isnull", True)), fields=["id"], name="event_not_fanned_out")],
                "constraints": [models.UniqueConstraint(fields=("subject", "sequence"), name="event_order_by_subject")],
            },
        ),
        migrations.CreateModel(
            name="Message",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sender", models.CharField(max_length=20, verbose_name="Channel")),
                ("recipient", models.CharField(max_length=254, verbose_name="To")),
                ("template", models.CharField(max_length=50, verbose_name="Template")),
                ("locale", models.CharField(max_length=5, verbose_name="Language")),
                (
                    "status",
                    models.CharField(
                        choices=[("pending", "Queued"), ("sending", "Sending"), ("sent", "Sent"), ("retrying", "Retry scheduled"), ("failed", "Failed"), ("requeued", "Resent")], default="pending", max_length=12, verbose_name="Status"
                    ),
                ),
                ("status_since", models.DateTimeField(verbose_name="Since")),
                ("attempts", models.PositiveSmallIntegerField(default=0, verbose_name="Attempts")),
                ("due_at", models.DateTimeField(verbose_name="Due")),
                ("problem", models.CharField(blank=True, max_length=300, verbose_name="Problem")),
                ("event", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="messages", to="notifications.event", verbose_name="Event")),
            ],
            options={
                "verbose_name": "notification",
                "verbose_name_plural": "notifications",
                "indexes": [models.Index(condition=models.Q(("status__in", ["pending", "retrying", "requeued"])), fields=["due_at"], name="message_is_due"), models.Index(condition=models.Q(("status__in", ["sending", "failed"])), fields=["status_since"], name="message_sending_or_failed")],
                "constraints": [models.UniqueConstraint(fields=("event", "sender", "recipient", "template"), name="message_once")],
            },
        ),
    ]
