import django.db.models.deletion
from django.db import migrations, models

import storefront.lib.security.encryption


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
                ("resends", models.PositiveSmallIntegerField(db_default=0, verbose_name="Sent again")),
                ("external_id", models.CharField(blank=True, db_default="", max_length=64, verbose_name="Provider's ID")),
                ("segments", models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="Segments")),
                ("cost_amount", models.DecimalField(blank=True, decimal_places=5, max_digits=9, null=True, verbose_name="Cost")),
                ("cost_currency", models.CharField(blank=True, db_default="", max_length=3, verbose_name="Currency")),
                ("problem", models.CharField(blank=True, max_length=300, verbose_name="Problem")),
                (
                    "delivery",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "Not reported"), ("soft_bounced", "Delayed"), ("delivered", "Delivered"), ("bounced", "Bounced"), ("complained", "Marked as spam"), ("suppressed", "Not sent, address unreachable")
                        ],
                        db_default="",
                        max_length=12,
                        verbose_name="Delivery",
                    ),
                ),
                ("delivery_at", models.DateTimeField(blank=True, null=True, verbose_name="Delivery reported")),
                ("event", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="messages", to="notifications.event", verbose_name="Event")),
            ],
            options={
                "verbose_name": "notification",
                "verbose_name_plural": "notifications",
                "indexes": [models.Index(fields=["recipient"], name="message_by_recipient"), models.Index(condition=models.Q(("status__in", ["pending", "retrying", "requeued"])), fields=["due_at"], name="message_is_due"), models.Index(condition=models.Q(("status__in", ["sending", "failed"])), fields=["status_since"], name="message_sending_or_failed"), models.Index(condition=models.Q(("external_id", ""), _negated=True), fields=["external_id"], name="message_by_external_id"), models.Index(condition=models.Q(("delivery", "soft_bounced")), fields=["delivery_at"], name="message_soft_bounced")],
                "constraints": [models.UniqueConstraint(fields=("event", "sender", "recipient", "template"), name="message_once")],
            },
        ),
        migrations.CreateModel(
            name="Consent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("recipient", models.CharField(max_length=254, verbose_name="Recipient")),
                ("sender", models.CharField(max_length=20, verbose_name="Channel")),
                ("kind", models.CharField(max_length=20, verbose_name="Kind of message")),
                ("is_given", models.BooleanField(verbose_name="Given")),
                (
                    "source",
                    models.CharField(
                        choices=[("checkout", "Checkout"), ("account", "Account page"), ("link", "Link in an e-mail"), ("one_click", "Unsubscribe button of the mailbox"), ("reply", "Reply to a text message"), ("api", "Customer API"), ("provider", "Refused by the provider: opted out")], max_length=10, verbose_name="Source"
                    ),
                ),
                ("text_version", models.CharField(blank=True, max_length=20, verbose_name="Text version")),
                ("at", models.DateTimeField(verbose_name="When")),
            ],
            options={
                "verbose_name": "consent",
                "verbose_name_plural": "consents",
                "indexes": [models.Index(fields=["recipient", "sender", "kind", "-id"], name="consent_newest")],
            },
        ),
        migrations.CreateModel(
            name="ChatChannel",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=60, unique=True, verbose_name="Channel")),
                ("dialect", models.CharField(choices=[("slack", "Slack, Mattermost, Rocket.Chat or Google Chat"), ("teams", "Microsoft Teams")], max_length=10, verbose_name="Program")),
                ("url_encrypted", storefront.lib.security.encryption.EncryptedTextField(verbose_name="Webhook address")),
                ("failing_since", models.DateTimeField(blank=True, null=True, verbose_name="Failing since")),
                ("problem", models.CharField(blank=True, max_length=300, verbose_name="Problem")),
                ("disabled_at", models.DateTimeField(blank=True, null=True, verbose_name="Disabled")),
            ],
            options={"verbose_name": "chat channel", "verbose_name_plural": "chat channels"},
        ),
        migrations.CreateModel(
            name="Suppression",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("address", models.CharField(max_length=254, verbose_name="Address")),
                (
                    "reason",
                    models.CharField(
                        choices=[("hard_bounce", "The mailbox does not exist"), ("soft_bounces", "Several e-mails could not be delivered"), ("complaint", "Marked an e-mail as spam")], max_length=12, verbose_name="Reason"
                    ),
                ),
                ("detail", models.CharField(blank=True, max_length=300, verbose_name="Answer of the mail server")),
                ("since", models.DateTimeField(verbose_name="Since")),
                ("lifted_at", models.DateTimeField(blank=True, null=True, verbose_name="Lifted")),
                ("lifted_by", models.CharField(blank=True, max_length=100, verbose_name="Lifted by")),
                ("lift_reason", models.CharField(blank=True, max_length=200, verbose_name="Reason to lift it")),
                ("message", models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="notifications.message", verbose_name="E-mail")),
            ],
            options={
                "verbose_name": "suppressed address",
                "verbose_name_plural": "suppressed addresses",
                "constraints": [models.UniqueConstraint(condition=models.Q(("lifted_at", None)), fields=("address", "reason"), name="suppression_once")],
            },
        ),
    ]
