import django.db.models.deletion
from django.db import migrations, models

import storefront.lib.security.encryption


class Migration(migrations.Migration):
    initial = True

    dependencies = [("suppliers", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="InboundWebhook",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("source", models.CharField(max_length=40, verbose_name="Source")),
                ("external_id", models.CharField(max_length=100, verbose_name="External ID")),
                ("body", models.BinaryField(verbose_name="Payload")),
                ("received_at", models.DateTimeField(verbose_name="Received")),
                ("status", models.CharField(choices=[("received", "Received"), ("applied", "Applied"), ("ignored", "Ignored"), ("failed", "Failed")], default="received", max_length=10, verbose_name="Status")),
                ("status_since", models.DateTimeField(verbose_name="Status since")),
                ("attempts", models.PositiveSmallIntegerField(default=0, verbose_name="Attempts")),
                ("priority", models.PositiveSmallIntegerField(choices=[(0, "Orders and parcels"), (1, "Stock and products")], default=0, verbose_name="Priority")),
                ("due_at", models.DateTimeField(verbose_name="Next attempt")),
                ("problem", models.CharField(blank=True, max_length=500, verbose_name="Problem")),
                ("refused_rows", models.JSONField(blank=True, default=list, verbose_name="Refused rows")),
            ],
            options={
                "verbose_name": "incoming webhook",
                "verbose_name_plural": "incoming webhooks",
                "indexes": [
                    models.Index(condition=models.Q(("status", "received")), fields=["due_at"], name="inbound_webhook_is_due"),
                    models.Index(condition=models.Q(("status", "received")), fields=["source", "priority", "due_at", "id"], name="inbound_webhook_by_priority"),
                    models.Index(condition=models.Q(("status", "failed")), fields=["id"], name="inbound_webhook_failed"),
                ],
                "constraints": [models.UniqueConstraint(fields=("source", "external_id"), name="inbound_webhook_once")],
            },
        ),
        migrations.CreateModel(
            name="SupplierSecret",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("secret_encrypted", storefront.lib.security.encryption.EncryptedTextField(verbose_name="Secret")),
                ("created_by", models.CharField(max_length=100, verbose_name="Created by")),
                ("created_at", models.DateTimeField(verbose_name="Created")),
                ("expires_at", models.DateTimeField(blank=True, null=True, verbose_name="Expires")),
                ("supplier", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="webhook_secrets", to="suppliers.supplier", verbose_name="Supplier")),
            ],
            options={
                "verbose_name": "webhook secret",
                "verbose_name_plural": "webhook secrets",
                "constraints": [models.UniqueConstraint(condition=models.Q(("expires_at", None)), fields=("supplier",), name="supplier_secret_current_once")],
            },
        ),
    ]
