"""Webhook models: store inbound webhooks as received."""

from datetime import datetime
from typing import ClassVar, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from storefront.lib.db.constraints import unique
from storefront.lib.state_machine import Stateful


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
        Status.APPLIED: frozenset(),
        Status.IGNORED: frozenset(),
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
        ]
        constraints = [unique("inbound_webhook_once", ["source", "external_id"])]

    def __str__(self) -> str:
        return f"{self.source}:{self.external_id}"
