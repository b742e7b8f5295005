"""Notification models: store events, their messages, consents and suppressed addresses."""

from datetime import datetime, timedelta
from typing import ClassVar, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from storefront.lib.db.constraints import unique
from storefront.lib.db.fields import protected_key
from storefront.lib.security.encryption import EncryptedTextField
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


# Longer than any timeout of a sender: a worker still sending after this has died.
SENDING_TIMEOUT = timedelta(minutes=15)
UNSENT_STATUSES = ("pending", "retrying", "requeued")


class MessageQuerySet(models.QuerySet["Message"]):
    """Queries of messages."""

    def due(self, now: datetime) -> Self:
        return self.filter(status__in=UNSENT_STATUSES, due_at__lte=now)

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

    class Delivery(models.TextChoices):
        """What the mail provider reported; a later value replaces an earlier one."""

        UNKNOWN = "", _("Not reported")
        SOFT_BOUNCED = "soft_bounced", _("Delayed")
        DELIVERED = "delivered", _("Delivered")
        BOUNCED = "bounced", _("Bounced")
        COMPLAINED = "complained", _("Marked as spam")
        # the shop did not send it: an earlier e-mail to this address bounced
        SUPPRESSED = "suppressed", _("Not sent, address unreachable")

    TRANSITIONS: ClassVar = {
        Status.PENDING: frozenset({Status.SENDING}),
        Status.SENDING: frozenset({Status.SENT, Status.RETRYING, Status.FAILED}),
        Status.RETRYING: frozenset({Status.SENDING, Status.FAILED}),
        # Staff send it a second time, or the network reports that a text message failed.
        Status.SENT: frozenset({Status.REQUEUED, Status.FAILED}),
        Status.FAILED: frozenset({Status.REQUEUED}),
        Status.REQUEUED: frozenset({Status.SENDING}),
    }

    event = protected_key(Event, "messages", _("Event"), db_index=False)
    sender = models.CharField(_("Channel"), max_length=20)  # a key of notifications.senders.SENDERS
    recipient = models.CharField(_("To"), max_length=254)
    template = models.CharField(_("Template"), max_length=50)
    locale = models.CharField(_("Language"), max_length=5)
    status = models.CharField(_("Status"), max_length=12, choices=Status, default=Status.PENDING)
    status_since = models.DateTimeField(_("Since"))
    attempts = models.PositiveSmallIntegerField(_("Attempts"), default=0)
    due_at = models.DateTimeField(_("Due"))
    # how often staff sent it again although it had been sent
    resends = models.PositiveSmallIntegerField(_("Sent again"), db_default=0)
    # of a text message: the provider's ID, number of segments, and what the provider charged
    external_id = models.CharField(_("Provider's ID"), max_length=64, blank=True, db_default="")
    segments = models.PositiveSmallIntegerField(_("Segments"), null=True, blank=True)
    cost_amount = models.DecimalField(
        _("Cost"), max_digits=9, decimal_places=5, null=True, blank=True
    )
    cost_currency = models.CharField(_("Currency"), max_length=3, blank=True, db_default="")
    problem = models.CharField(_("Problem"), max_length=300, blank=True)
    delivery = models.CharField(
        _("Delivery"), max_length=12, choices=Delivery, blank=True, db_default=""
    )
    delivery_at = models.DateTimeField(_("Delivery reported"), null=True, blank=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        constraints = [unique("message_once", ["event", "sender", "recipient", "template"])]
        indexes = [
            models.Index(fields=["recipient"], name="message_by_recipient"),
            models.Index(
                fields=["due_at"],
                condition=models.Q(status__in=list(UNSENT_STATUSES)),
                name="message_is_due",
            ),
            models.Index(
                fields=["status_since"],
                condition=models.Q(status__in=["sending", "failed"]),
                name="message_sending_or_failed",
            ),
            models.Index(
                fields=["external_id"],
                condition=~models.Q(external_id=""),
                name="message_by_external_id",
            ),
            models.Index(
                fields=["delivery_at"],
                condition=models.Q(delivery="soft_bounced"),
                name="message_soft_bounced",
            ),
        ]

    def __str__(self) -> str:
        # Appears in logs, so it contains no address.
        return f"{self.template} {self.pk}"


class Consent(models.Model):
    """A recipient's choice to get a kind of message or not; the newest counts. Append-only."""

    class Source(models.TextChoices):
        CHECKOUT = "checkout", _("Checkout")
        ACCOUNT = "account", _("Account page")
        LINK = "link", _("Link in an e-mail")
        ONE_CLICK = "one_click", _("Unsubscribe button of the mailbox")
        REPLY = "reply", _("Reply to a text message")
        API = "api", _("Customer API")
        PROVIDER = "provider", _("Refused by the provider: opted out")

    # an e-mail address in lower case, or a phone number (E.164)
    recipient = models.CharField(_("Recipient"), max_length=254)
    sender = models.CharField(_("Channel"), max_length=20)  # a key of notifications.senders.SENDERS
    kind = models.CharField(_("Kind of message"), max_length=20)  # notifications.preferences.Kind
    is_given = models.BooleanField(_("Given"))
    source = models.CharField(_("Source"), max_length=10, choices=Source)
    # version of the text that the person saw (preferences.TEXTS); empty: no text was shown
    text_version = models.CharField(_("Text version"), max_length=20, blank=True)
    at = models.DateTimeField(_("When"))

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        indexes = [
            models.Index(fields=["recipient", "sender", "kind", "-id"], name="consent_newest")
        ]

    def __str__(self) -> str:
        return f"{self.sender} {self.kind} {self.pk}"


class Suppression(models.Model):
    """An e-mail address that gets fewer messages or none, until the suppression is lifted."""

    class Reason(models.TextChoices):
        HARD_BOUNCE = "hard_bounce", _("The mailbox does not exist")
        SOFT_BOUNCES = "soft_bounces", _("Several e-mails could not be delivered")
        COMPLAINT = "complaint", _("Marked an e-mail as spam")

    address = models.CharField(_("Address"), max_length=254)  # in lower case
    reason = models.CharField(_("Reason"), max_length=12, choices=Reason)
    # the answer of the recipient's mail server
    detail = models.CharField(_("Answer of the mail server"), max_length=300, blank=True)
    since = models.DateTimeField(_("Since"))
    message = models.ForeignKey(
        Message, models.SET_NULL, null=True, related_name="+", verbose_name=_("E-mail")
    )
    lifted_at = models.DateTimeField(_("Lifted"), null=True, blank=True)
    lifted_by = models.CharField(_("Lifted by"), max_length=100, blank=True)
    lift_reason = models.CharField(_("Reason to lift it"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("suppressed address")
        verbose_name_plural = _("suppressed addresses")
        constraints = [
            unique("suppression_once", ["address", "reason"], condition=models.Q(lifted_at=None))
        ]

    def __str__(self) -> str:
        return f"{self.get_reason_display()} ({self.pk})"


class ChatChannel(models.Model):
    """A chat channel of staff, which gets messages by its incoming webhook."""

    class Dialect(models.TextChoices):
        SLACK = "slack", _("Slack, Mattermost, Rocket.Chat or Google Chat")
        TEAMS = "teams", _("Microsoft Teams")

    name = models.CharField(_("Channel"), max_length=60, unique=True)
    dialect = models.CharField(_("Program"), max_length=10, choices=Dialect)
    url_encrypted = EncryptedTextField(_("Webhook address"))  # enough to write to the channel
    failing_since = models.DateTimeField(_("Failing since"), null=True, blank=True)
    problem = models.CharField(_("Problem"), max_length=300, blank=True)
    # after a long failure; staff enable it again
    disabled_at = models.DateTimeField(_("Disabled"), null=True, blank=True)

    class Meta:
        verbose_name = _("chat channel")
        verbose_name_plural = _("chat channels")

    def __str__(self) -> str:
        return self.name
