"""Notification models: store events and the messages that they send."""

from datetime import datetime, timedelta
from typing import ClassVar, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from storefront.lib.db.constraints import unique
from storefront.lib.state_machine import Stateful


class Event(models.Model):
    """An event, recorded in the transaction of its change. Append-only.

    ``payload`` holds all that any message needs; ``subject`` names the object, and ``sequence``
    orders the events of one subject.
    """

    key = models.CharField(_("Key"), max_length=120, unique=True)
    name = models.CharField(_("What happened"), max_length=50)
    subject = models.CharField(_("Record"), max_length=80)
    sequence = models.PositiveIntegerField(_("Event number"))
    payload = models.JSONField(_("Content"))
    occurred_at = models.DateTimeField(_("When"))
    fanned_out_at = models.DateTimeField(_("Forwarded to notifications"), null=True, blank=True)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        constraints = [unique("event_order_by_subject", ["subject", "sequence"])]
        indexes = [
            models.Index(
                fields=["id"],
                condition=models.Q(fanned_out_at__isnull=True),
                name="event_not_fanned_out",
            ),
        ]

    def __str__(self) -> str:
        return self.key


# Longer than any SMTP timeout: a worker still sending after this has died.
SENDING_TIMEOUT = timedelta(minutes=15)


class MessageQuerySet(models.QuerySet["Message"]):
    """Queries of messages."""

    def due(self, now: datetime) -> Self:
        return self.filter(status__in=["pending", "retrying", "requeued"], due_at__lte=now)

    def unconfirmed(self, now: datetime) -> Self:
        """Return messages that may have been sent: the worker died or got no answer."""
        return self.filter(status="sending", status_since__lte=now - SENDING_TIMEOUT)


class Message(Stateful):
    """One message to one recipient for one event, sent once despite retries."""

    class Status(models.TextChoices):
        PENDING = "pending", _("Queued")
        # passed to the sender; after a crash, staff decide
        SENDING = "sending", _("Sending")
        SENT = "sent", _("Sent")
        RETRYING = "retrying", _("Retry scheduled")
        FAILED = "failed", _("Failed")
        REQUEUED = "requeued", _("Resent")

    TRANSITIONS: ClassVar = {
        Status.PENDING: frozenset({Status.SENDING}),
        Status.SENDING: frozenset({Status.SENT, Status.RETRYING, Status.FAILED}),
        Status.RETRYING: frozenset({Status.SENDING, Status.FAILED}),
        Status.SENT: frozenset(),
        Status.FAILED: frozenset({Status.REQUEUED}),
        Status.REQUEUED: frozenset({Status.SENDING}),
    }

    event = models.ForeignKey(
        Event, models.PROTECT, related_name="messages", verbose_name=_("Event"), db_index=False
    )
    sender = models.CharField(_("Channel"), max_length=20)  # a key of notifications.senders.SENDERS
    recipient = models.CharField(_("To"), max_length=254)
    template = models.CharField(_("Template"), max_length=50)
    locale = models.CharField(_("Language"), max_length=5)
    status = models.CharField(_("Status"), max_length=12, choices=Status, default=Status.PENDING)
    status_since = models.DateTimeField(_("Since"))
    attempts = models.PositiveSmallIntegerField(_("Attempts"), default=0)
    due_at = models.DateTimeField(_("Due"))
    problem = models.CharField(_("Problem"), max_length=300, blank=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        constraints = [unique("message_once", ["event", "sender", "recipient", "template"])]
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=models.Q(status__in=["pending", "retrying", "requeued"]),
                name="message_is_due",
            ),
            models.Index(
                fields=["status_since"],
                condition=models.Q(status__in=["sending", "failed"]),
                name="message_sending_or_failed",
            ),
        ]

    def __str__(self) -> str:
        # Appears in logs, so it contains no address.
        return f"{self.template} {self.pk}"
