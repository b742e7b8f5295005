"""Silence models: store the limits of silent parcels, their cases, and the transit time of routes."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from shipping.models.shipments import Parcel
from storefront.lib.db.constraints import check, unique
from storefront.lib.db.fields import protected_key


class SilenceKind(models.TextChoices):
    """Why a parcel needs a message, although nothing is reported."""

    NO_SCAN = "no_scan", _("Not scanned by the carrier")
    NO_EVENT = "no_event", _("No update in transit")
    LATE = "late", _("Promised day passed")
    CUSTOMS = "customs", _("Held in customs")
    PICKUP = "pickup", _("Waiting at the pickup point")
    RETURNING = "returning", _("Returning to sender")
    EXPIRED = "expired", _("Tracking stopped")


class SilenceChoice(models.TextChoices):
    WAIT = "wait", _("Wait")
    REFUND = "refund", _("Refund")
    REPLACEMENT = "replacement", _("Replacement")


class SilenceRule(models.Model):
    """The limits of one kind of silence, in days from its start.

    ``carrier``, ``origin`` and ``destination`` limit the rule to parcels of that carrier and route;
    empty: all. Of several rules, ``silence.rules`` takes the most specific one.
    """

    REGION: ClassVar = "EU"

    kind = models.CharField(
        _("Type"),
        max_length=10,
        choices=SilenceKind,
        help_text=_("The kind of silence that this limit is for."),
    )
    carrier = models.CharField(
        _("Carrier"), max_length=60, blank=True, help_text=_("Empty: all carriers.")
    )
    origin = models.CharField(
        _("From"),
        max_length=2,
        blank=True,
        help_text=_("Country code of the warehouse, or EU. Empty: all countries."),
    )
    destination = models.CharField(
        _("To"),
        max_length=2,
        blank=True,
        help_text=_("Country code of the delivery, or EU. Empty: all countries."),
    )
    customer_after_days = models.PositiveSmallIntegerField(
        _("Notify the customer after (days)"),
        help_text=_("From the last update, or from the promised day."),
    )
    offer_after_days = models.PositiveSmallIntegerField(
        _("Offer a choice after (days)"),
        null=True,
        blank=True,
        help_text=_("The customer can then wait or choose what you allow. Empty: no offer."),
    )
    staff_after_days = models.PositiveSmallIntegerField(
        _("Show it to staff after (days)"),
        help_text=_("In “Needs attention”, after the customer was told."),
    )
    repeat_after_days = models.PositiveSmallIntegerField(
        _("Write again after (days)"),
        help_text=_("While nothing changes. A customer who chose to wait is asked again."),
    )
    can_refund = models.BooleanField(
        _("Offer a refund"), help_text=_("The parcel then counts as lost and is refunded.")
    )
    can_replace = models.BooleanField(
        _("Offer a replacement"),
        help_text=_("Offered only while the items can be sent again from stock."),
    )
    kept_days = models.PositiveSmallIntegerField(
        _("Pickup point keeps it for (days)"),
        null=True,
        blank=True,
        help_text=_("The reminder names the last day for pickup. Only for waiting parcels."),
    )

    class Meta:
        verbose_name = _("limit for silent parcels")
        verbose_name_plural = _("limits for silent parcels")
        constraints = [
            unique("silence_rule_once", ["kind", "carrier", "origin", "destination"]),
            check(
                "silence_customer_before_staff",
                Q(customer_after_days__lte=F("staff_after_days"))
                & (
                    Q(offer_after_days=None)
                    | Q(offer_after_days__gte=F("customer_after_days"))
                    & (Q(can_refund=True) | Q(can_replace=True))
                ),
            ),
            check("silence_lasts_a_day", Q(customer_after_days__gte=1, repeat_after_days__gte=1)),
            check(
                "silence_reminder_before_return",
                Q(kept_days=None) | Q(kind="pickup", kept_days__gt=F("customer_after_days")),
            ),
        ]

    def __str__(self) -> str:
        parts = [self.carrier, self.origin and f"{self.origin} →", self.destination]
        return ": ".join(filter(None, [self.get_kind_display(), " ".join(filter(None, parts))]))


class SilenceCase(models.Model):
    """A parcel that is silent in one way since ``since``, with the limits of the rule that applied.

    ``tell_at`` is when the customer gets the next message, ``told_at`` when they got the last one,
    ``messages`` how many. ``choices`` is what the rule allows, ``offered`` what the last message
    offered. ``answer`` is the last one; an answer before ``told_at`` was about an earlier offer.
    """

    parcel = protected_key(Parcel, "silence_cases", _("Parcel"), db_index=False)
    kind = models.CharField(_("Type"), max_length=10, choices=SilenceKind)
    since = models.DateTimeField(_("Silent since"))
    opened_at = models.DateTimeField(_("Opened"))
    ended_at = models.DateTimeField(_("Ended"), null=True, blank=True)
    tell_at = models.DateTimeField(_("Next message"), null=True, blank=True)
    offer_at = models.DateTimeField(_("Choice offered from"), null=True, blank=True)
    staff_at = models.DateTimeField(_("Shown to staff from"))
    repeat_after_days = models.PositiveSmallIntegerField(_("Write again after (days)"))
    keeps_until = models.DateField(_("Pickup until"), null=True, blank=True)
    choices = ArrayField(
        models.CharField(max_length=11, choices=SilenceChoice),
        verbose_name=_("Allowed choices"),
        blank=True,
    )
    offered = ArrayField(
        models.CharField(max_length=11, choices=SilenceChoice),
        verbose_name=_("Offered choices"),
        default=list,
        db_default=[],
        blank=True,
    )
    told_at = models.DateTimeField(_("Last message"), null=True, blank=True)
    messages = models.PositiveSmallIntegerField(_("Messages"), default=0, db_default=0)
    expected_by = models.DateField(_("Expected by"), null=True, blank=True)
    answer = models.CharField(
        _("Answer"), max_length=11, choices=SilenceChoice, blank=True, default="", db_default=""
    )
    answered_at = models.DateTimeField(_("Answered"), null=True, blank=True)

    class Meta:
        verbose_name = _("silent parcel")
        verbose_name_plural = _("silent parcels")
        constraints = [
            unique("silence_case_open_once", ["parcel", "kind"], condition=Q(ended_at=None)),
            check("silence_case_told", Q(told_at=None) ^ Q(messages__gte=1)),
            check("silence_case_answered", Q(answer="") ^ Q(answered_at__isnull=False)),
        ]
        indexes = [
            models.Index(fields=["parcel"], name="silence_case_of_parcel"),
            models.Index(fields=["tell_at"], condition=Q(ended_at=None), name="silence_case_due"),
            models.Index(
                fields=["staff_at"], condition=Q(ended_at=None), name="silence_case_for_staff"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.parcel}"

    @property
    def is_asked(self) -> bool:
        """Return whether the customer can choose: asked by the last message, and no answer yet."""
        is_answered = self.answered_at is not None and (
            self.told_at is None or self.answered_at >= self.told_at
        )
        return self.ended_at is None and bool(self.offered) and not is_answered


class RouteTransit(models.Model):
    """Observed transit time of a carrier from one country to another, over recent deliveries.

    Days from the first scan to the delivery: most parcels need ``min_days`` to ``max_days``.
    """

    carrier = models.CharField(_("Carrier"), max_length=60)
    origin = models.CharField(_("From"), max_length=2)
    destination = models.CharField(_("To"), max_length=2)
    min_days = models.PositiveSmallIntegerField(_("At least (days)"))
    max_days = models.PositiveSmallIntegerField(_("At most (days)"))
    parcels = models.PositiveIntegerField(_("Parcels"))
    measured_at = models.DateTimeField(_("Measured"))

    class Meta:
        verbose_name = _("observed transit time")
        verbose_name_plural = _("observed transit times")
        constraints = [unique("route_transit_once", ["carrier", "origin", "destination"])]

    def __str__(self) -> str:
        return f"{self.carrier} {self.origin} → {self.destination}"
