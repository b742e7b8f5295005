import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import storefront.lib.security.encryption
from storefront.lib.db.migration_sql import run_files

SUBSCRIBABLE = [
    ("order.placed", "Order placed"),
    ("order.paid", "Order paid"),
    ("order.shipped", "Parcel of an order shipped"),
    ("order.delivered", "Parcel of an order delivered"),
    ("order.canceled", "Order canceled"),
    ("order.refunded", "Order refunded"),
    ("return.opened", "Return opened"),
    ("return.received", "Return received"),
    ("purchase_order.submitted", "Purchase order submitted"),
    ("purchase_order.confirmed", "Purchase order confirmed"),
    ("purchase_order.rejected", "Purchase order rejected"),
    ("stock.low", "Stock low"),
    ("stock.out", "Out of stock"),
    ("stock.back", "Back in stock"),
    ("price.changed", "Price changed"),
    ("attention.needed", "Needs attention"),
]
TYPES = [*SUBSCRIBABLE, ("webhook.test", "Test of a webhook")]


class Migration(migrations.Migration):
    initial = True

    dependencies = [("lib", "0001_initial"), ("catalog", "0002_database_objects"), ("orders", "0001_initial"), ("shipping", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="PendingEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("type", models.CharField(choices=TYPES, max_length=40, verbose_name="Type")),
                ("kind", models.CharField(choices=[("order", "Order"), ("purchase_order", "Purchase order"), ("return", "Return"), ("listing", "Listing"), ("case", "Inbox case"), ("subscription", "Webhook subscription")], max_length=20, verbose_name="Record type")),
                ("object_id", models.BigIntegerField(verbose_name="Record ID")),
                ("facts", models.JSONField(default=dict, verbose_name="Facts")),
                ("occurred_at", models.DateTimeField(verbose_name="When")),
            ],
            options={"verbose_name": "unpublished event", "verbose_name_plural": "unpublished events"},
        ),
        migrations.CreateModel(
            name="WebhookSubscription",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("url", models.CharField(help_text="Events are sent to this address by POST. It must be public and use https.", max_length=500, verbose_name="Address")),
                ("description", models.CharField(blank=True, help_text="The program that receives the events, such as your accounting software.", max_length=100, verbose_name="Receiver")),
                (
                    "types",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(choices=SUBSCRIBABLE, max_length=40),
                        blank=True,
                        default=list,
                        help_text="Select none for all events, also those added later.",
                        verbose_name="Event types",
                    ),
                ),
                ("secret_encrypted", storefront.lib.security.encryption.EncryptedTextField(verbose_name="Secret")),
                ("old_secret_encrypted", storefront.lib.security.encryption.EncryptedTextField(blank=True, verbose_name="Old secret")),
                ("old_secret_expires_at", models.DateTimeField(blank=True, null=True, verbose_name="Old secret expires")),
                ("status", models.CharField(choices=[("active", "Active"), ("paused", "Paused"), ("disabled", "Disabled")], default="active", max_length=10, verbose_name="Status")),
                ("status_since", models.DateTimeField(verbose_name="Since")),
                ("failing_since", models.DateTimeField(blank=True, null=True, verbose_name="Failing since")),
                ("problem", models.CharField(blank=True, max_length=300, verbose_name="Problem")),
                ("created_by", models.CharField(max_length=100, verbose_name="Created by")),
                ("created_at", models.DateTimeField(verbose_name="Created")),
                ("api_key", models.CharField(blank=True, max_length=20, verbose_name="API key")),
                ("api_key_ends_at", models.DateTimeField(blank=True, null=True, verbose_name="API key ends")),
                ("request_key", models.CharField(blank=True, max_length=40, verbose_name="Idempotency key")),
            ],
            options={"verbose_name": "webhook subscription", "verbose_name_plural": "webhook subscriptions"},
        ),
        migrations.CreateModel(
            name="PublicEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.CharField(max_length=40, unique=True, verbose_name="Event ID")),
                ("type", models.CharField(choices=TYPES, max_length=40, verbose_name="Type")),
                ("subject", models.CharField(max_length=80, verbose_name="Record")),
                ("version", models.PositiveSmallIntegerField(verbose_name="Payload version")),
                ("data", models.JSONField(verbose_name="Payload")),
                ("occurred_at", models.DateTimeField(verbose_name="When")),
                ("published_at", models.DateTimeField(verbose_name="Published")),
            ],
            options={"verbose_name": "public event", "verbose_name_plural": "public events", "indexes": [models.Index(fields=["type", "id"], name="public_event_by_type"), models.Index(fields=["subject"], name="public_event_by_subject")]},
        ),
        migrations.CreateModel(
            name="WebhookDelivery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("subject", models.CharField(max_length=80, verbose_name="Record")),
                ("status", models.CharField(choices=[("pending", "Pending"), ("delivered", "Delivered"), ("failed", "Failed")], default="pending", max_length=10, verbose_name="Status")),
                ("attempts", models.PositiveSmallIntegerField(default=0, verbose_name="Attempts")),
                ("due_at", models.DateTimeField(verbose_name="Next attempt")),
                ("log", models.JSONField(default=list, verbose_name="Attempts")),
                ("event", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="deliveries", to="events.publicevent", verbose_name="Event")),
                ("subscription", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="deliveries", to="events.webhooksubscription", verbose_name="Subscription")),
            ],
            options={
                "verbose_name": "webhook delivery",
                "verbose_name_plural": "webhook deliveries",
                "indexes": [models.Index(condition=models.Q(("status", "pending")), fields=["subscription", "due_at", "event"], name="webhook_delivery_due"), models.Index(condition=models.Q(("status", "pending")), fields=["subscription", "subject", "event"], name="webhook_delivery_order")],
                "constraints": [models.UniqueConstraint(fields=("subscription", "event"), name="webhook_delivery_once"), models.CheckConstraint(condition=models.Q(models.Q(("status", "delivered"), _negated=True), models.Q(("log", []), _negated=True), _connector="OR"), name="webhook_delivery_has_log")],
            },
        ),
        *run_files(__file__, "changes.sql"),
    ]
