"""Webhook models: store inbound webhooks as received, and the secrets of suppliers' systems."""

from datetime import datetime
from typing import ClassVar, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from storefront.lib.db.constraints import unique
from storefront.lib.db.fields import cascading_key
from storefront.lib.security.encryption import EncryptedTextField
from storefront.lib.state_machine import Stateful
from suppliers.models import Supplier


class InboundWebhookQuerySet(models.QuerySet["InboundWebhook"]):
    """Filters and order of webhooks."""

    def due(self, now: datetime) -> Self:
        return self.filter(status="received", due_at__lte=now)

    def by_priority(self) -> Self:
        """Order by priority, oldest first."""
        return self.order_by("priority", "due_at", "pk")


class InboundWebhook(Stateful):
    """One received webhook, stored before it is parsed; a redelivery is the same row."""

    class Status(models.TextChoices):
        RECEIVED = "received", _("Received")
        APPLIED = "applied", _("Applied")
        IGNORED = "ignored", _("Ignored")
        FAILED = "failed", _("Failed")  # cannot be processed: staff decide

    class Priority(models.IntegerChoices):
        # people wait for these; also webhooks that cannot be parsed
        ORDERS = 0, _("Orders and parcels")
        CATALOG = (
            1,
            _("Stock and products"),
        )  # come in floods, and the next sync reads the same data

    TRANSITIONS: ClassVar = {
        Status.RECEIVED: frozenset({Status.APPLIED, Status.IGNORED, Status.FAILED}),
        Status.FAILED: frozenset({Status.RECEIVED}),
        # Staff may replay a webhook: applying it again changes nothing.
        Status.APPLIED: frozenset({Status.RECEIVED}),
        Status.IGNORED: frozenset({Status.RECEIVED}),
    }

    source = models.CharField(_("Source"), max_length=40)
    external_id = models.CharField(_("External ID"), max_length=100)
    body = models.BinaryField(_("Payload"))
    received_at = models.DateTimeField(_("Received"))
    status = models.CharField(_("Status"), max_length=10, choices=Status, default=Status.RECEIVED)
    status_since = models.DateTimeField(_("Status since"))
    attempts = models.PositiveSmallIntegerField(_("Attempts"), default=0)
    priority = models.PositiveSmallIntegerField(
        _("Priority"), choices=Priority, default=Priority.ORDERS
    )
    # a worker claims the row by moving this ahead
    due_at = models.DateTimeField(_("Next attempt"))
    problem = models.CharField(_("Problem"), max_length=500, blank=True)
    # rows of a batch that were not applied: SKU and reason
    refused_rows = models.JSONField(_("Refused rows"), default=list, blank=True)

    objects = InboundWebhookQuerySet.as_manager()

    class Meta:
        verbose_name = _("incoming webhook")
        verbose_name_plural = _("incoming webhooks")
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=models.Q(status="received"),
                name="inbound_webhook_is_due",
            ),
            models.Index(
                fields=["source", "priority", "due_at", "id"],
                condition=models.Q(status="received"),
                name="inbound_webhook_by_priority",
            ),
            models.Index(
                fields=["id"], condition=models.Q(status="failed"), name="inbound_webhook_failed"
            ),
        ]
        constraints = [unique("inbound_webhook_once", ["source", "external_id"])]

    def __str__(self) -> str:
        return f"{self.source}:{self.external_id}"


class SupplierSecret(models.Model):
    """A secret that a supplier's system signs its calls with; only the current one never expires."""

    supplier = cascading_key(Supplier, "webhook_secrets", _("Supplier"))
    secret_encrypted = EncryptedTextField(_("Secret"))
    created_by = models.CharField(_("Created by"), max_length=100)
    created_at = models.DateTimeField(_("Created"))
    expires_at = models.DateTimeField(_("Expires"), null=True, blank=True)

    class Meta:
        verbose_name = _("webhook secret")
        verbose_name_plural = _("webhook secrets")
        constraints = [
            unique(
                "supplier_secret_current_once", ["supplier"], condition=models.Q(expires_at=None)
            )
        ]

    def __str__(self) -> str:
        return f"{self.supplier}: {self.created_at:%Y-%m-%d %H:%M}"
