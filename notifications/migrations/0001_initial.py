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
                ("key", models.CharField(max_length=120, unique=True)),
                ("name", models.CharField(max_length=50)),
                ("subject", models.CharField(max_length=80)),
                ("sequence", models.PositiveIntegerField()),
                ("payload", models.JSONField()),
                ("occurred_at", models.DateTimeField()),
                ("fanned_out_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "indexes": [models.Index(condition=models.Q(("fanned_out_at__isnull", True)), fields=["id"], name="event_not_fanned_out")],
                "constraints": [models.UniqueConstraint(fields=("subject", "sequence"), name="event_order_by_subject")],
            },
        ),
        migrations.CreateModel(
            name="Message",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sender", models.CharField(max_length=20)),
                ("recipient", models.CharField(max_length=254)),
                ("template", models.CharField(max_length=50)),
                ("locale", models.CharField(max_length=5)),
                ("status", models.CharField(choices=[("pending", "Queued"), ("sending", "Sending"), ("sent", "Sent"), ("retrying", "Retry scheduled"), ("failed", "Failed"), ("requeued", "Resent")], default="pending", max_length=12)),
                ("status_since", models.DateTimeField()),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("due_at", models.DateTimeField()),
                ("problem", models.CharField(blank=True, max_length=300)),
                ("event", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="messages", to="notifications.event")),
            ],
            options={
                "verbose_name_plural": "messages",
                "indexes": [models.Index(condition=models.Q(("status__in", ["pending", "retrying", "requeued"])), fields=["due_at"], name="message_is_due")],
                "constraints": [models.UniqueConstraint(fields=("event", "sender", "recipient", "template"), name="message_once")],
            },
        ),
    ]
