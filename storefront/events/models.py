"""Event models: store public events, webhook subscriptions and the deliveries to each."""

from datetime import datetime
from typing import ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from storefront.events.event_types import SUBSCRIBABLE, EventType, ObjectKind
from storefront.lib.db.constraints import check, unique
from storefront.lib.db.fields import cascading_key
from storefront.lib.security.encryption import EncryptedTextField
from storefront.lib.state_machine import Stateful

MAX_URL = 500


class PendingEvent(models.Model):
    """A change that is not published yet, recorded in its transaction; deleted when published.

    Database triggers write most rows (``migrations/sql/changes.sql``). ``facts`` holds what the
    object does not say later: the old price, the amount of a refund.
    """

    type = models.CharField(_("Type"), max_length=40, choices=EventType)
    kind = models.CharField(_("Record type"), max_length=20, choices=ObjectKind)
    object_id = models.BigIntegerField(_("Record ID"))
    facts = models.JSONField(_("Facts"), default=dict)
    occurred_at = models.DateTimeField(_("When"))

    class Meta:
        verbose_name = _("unpublished event")
        verbose_name_plural = _("unpublished events")

    def __str__(self) -> str:
        return f"{self.type} {self.kind} {self.object_id}"


class PublicEvent(models.Model):
    """One event as receivers see it. Append-only.

    Ids ascend in the order of publication, because one worker publishes at a time: they are the
    cursor of the list of events, and the ``sequence`` of the events of one subject.
    """

    public_id = models.CharField(_("Event ID"), max_length=40, unique=True)
    type = models.CharField(_("Type"), max_length=40, choices=EventType)
    subject = models.CharField(_("Record"), max_length=80)
    version = models.PositiveSmallIntegerField(_("Payload version"))
    data = models.JSONField(_("Payload"))
    occurred_at = models.DateTimeField(_("When"))
    published_at = models.DateTimeField(_("Published"))

    class Meta:
        verbose_name = _("public event")
        verbose_name_plural = _("public events")
        indexes = [
            models.Index(fields=["type", "id"], name="public_event_by_type"),
            models.Index(fields=["subject"], name="public_event_by_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.subject}"


class WebhookSubscription(Stateful):
    """One receiver of events. It gets the events published while it is active."""

    class Status(models.TextChoices):
        ACTIVE = "active", _("Active")
        PAUSED = "paused", _("Paused")  # by staff or the API
        DISABLED = "disabled", _("Disabled")  # by the shop: ``problem`` says why

    TRANSITIONS: ClassVar = {
        Status.ACTIVE: frozenset({Status.PAUSED, Status.DISABLED}),
        Status.PAUSED: frozenset({Status.ACTIVE, Status.DISABLED}),
        Status.DISABLED: frozenset({Status.ACTIVE}),
    }

    url = models.CharField(
        _("Address"),
        max_length=MAX_URL,
        help_text=_("Events are sent to this address by POST. It must be public and use https."),
    )
    description = models.CharField(
        _("Receiver"),
        max_length=100,
        blank=True,
        help_text=_("The program that receives the events, such as your accounting software."),
    )
    types = ArrayField(
        models.CharField(
            max_length=40, choices=[(kind.value, kind.label) for kind in SUBSCRIBABLE]
        ),
        verbose_name=_("Event types"),
        default=list,
        blank=True,
        help_text=_("Select none for all events, also those added later."),
    )
    secret_encrypted = EncryptedTextField(_("Secret"))
    # the secret before the last rotation: messages carry a signature of each until it expires
    old_secret_encrypted = EncryptedTextField(_("Old secret"), blank=True)
    old_secret_expires_at = models.DateTimeField(_("Old secret expires"), null=True, blank=True)
    status = models.CharField(_("Status"), max_length=10, choices=Status, default=Status.ACTIVE)
    status_since = models.DateTimeField(_("Since"))
    failing_since = models.DateTimeField(_("Failing since"), null=True, blank=True)
    problem = models.CharField(_("Problem"), max_length=300, blank=True)
    created_by = models.CharField(_("Created by"), max_length=100)
    created_at = models.DateTimeField(_("Created"))
    # Prefix of the API key that set the address, and when that key expires or was revoked.
    api_key = models.CharField(_("API key"), max_length=20, blank=True)
    api_key_ends_at = models.DateTimeField(_("API key ends"), null=True, blank=True)
    # of the request that created it or last rotated its secret
    request_key = models.CharField(_("Idempotency key"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("webhook subscription")
        verbose_name_plural = _("webhook subscriptions")

    def __str__(self) -> str:
        return self.description or self.url

    def is_subscribed_to(self, kind: str) -> bool:
        return not self.types or kind in self.types

    def has_ended_key(self, now: datetime) -> bool:
        return self.api_key_ends_at is not None and self.api_key_ends_at <= now


class WebhookDeliveryQuerySet(models.QuerySet["WebhookDelivery"]):
    def due(self, now: datetime) -> Self:
        return self.filter(status="pending", due_at__lte=now, subscription__status="active")


class WebhookDelivery(models.Model):
    """One event for one subscription: sent until it succeeds, at most ten times.

    ``due_at`` is the next attempt; a worker claims the row by moving it ahead. ``log`` holds the
    attempts: time, HTTP status, milliseconds, start of the answer or the error.
    """

    class Status(models.TextChoices):
        PENDING = "pending", _("Pending")
        DELIVERED = "delivered", _("Delivered")
        FAILED = "failed", _("Failed")

    subscription = cascading_key(
        WebhookSubscription, "deliveries", _("Subscription"), db_index=False
    )
    event = cascading_key(PublicEvent, "deliveries", _("Event"))
    subject = models.CharField(_("Record"), max_length=80)  # of the event
    status = models.CharField(_("Status"), max_length=10, choices=Status, default=Status.PENDING)
    attempts = models.PositiveSmallIntegerField(_("Attempts"), default=0)
    due_at = models.DateTimeField(_("Next attempt"))
    log = models.JSONField(_("Attempts"), default=list)

    objects = WebhookDeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("webhook delivery")
        verbose_name_plural = _("webhook deliveries")
        constraints = [
            unique("webhook_delivery_once", ["subscription", "event"]),
            check("webhook_delivery_has_log", ~Q(status="delivered") | ~Q(log=[])),
        ]
        indexes = [
            models.Index(
                fields=["subscription", "due_at", "event"],
                condition=Q(status="pending"),
                name="webhook_delivery_due",
            ),
            models.Index(
                fields=["subscription", "subject", "event"],
                condition=Q(status="pending"),
                name="webhook_delivery_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} ({self.pk})"
