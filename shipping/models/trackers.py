"""Tracker models: store the state of the tracking provider, and the parcels registered there."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from shipping.models.shipments import Parcel


class TrackingProvider(models.Model):
    """The state of a provider that follows parcels at many carriers. Holds no secrets.

    ``problem`` is the reason of the failures since ``problem_since``, empty while it answers.
    ``calls`` counts the calls of the day ``calls_on``, in UTC.
    """

    code = models.CharField(_("Provider"), max_length=20, unique=True)
    answered_at = models.DateTimeField(_("Last answer"), null=True, blank=True)
    webhook_at = models.DateTimeField(_("Last webhook"), null=True, blank=True)
    problem = models.CharField(_("Problem"), max_length=300, blank=True)
    problem_since = models.DateTimeField(_("Problem since"), null=True, blank=True)
    calls_on = models.DateField(_("Day of the calls"), null=True, blank=True)
    calls = models.PositiveIntegerField(_("Calls on that day"), default=0)

    class Meta:
        verbose_name = _("tracking provider")
        verbose_name_plural = _("tracking providers")
        constraints = [
            models.CheckConstraint(
                condition=Q(problem="") ^ Q(problem_since__isnull=False),
                name="tracking_provider_problem_has_start",
            )
        ]

    def __str__(self) -> str:
        return self.code


class TrackingRegistration(models.Model):
    """A parcel that the tracking provider follows, or is to follow, under ``number``.

    ``due_at`` is the next registration attempt or poll; None: it was rejected, or tracking ended. A
    worker claims the row by moving it ahead. ``quiet_polls`` counts the polls since the last
    new event.
    """

    parcel = models.OneToOneField(
        Parcel, models.CASCADE, related_name="registration", verbose_name=_("Parcel")
    )
    number = models.CharField(_("Registered number"), max_length=60)
    registered_at = models.DateTimeField(_("Registered"), null=True, blank=True)
    due_at = models.DateTimeField(_("Next call"), null=True, blank=True)
    polled_at = models.DateTimeField(_("Last poll"), null=True, blank=True)
    changed_at = models.DateTimeField(_("Last update"), null=True, blank=True)
    quiet_polls = models.PositiveSmallIntegerField(_("Polls without updates"), default=0)
    # the provider's own number of the carrier; 0: not detected
    carrier_code = models.PositiveIntegerField(_("Carrier code"), default=0)
    carrier_name = models.CharField(_("Detected carrier"), max_length=60, blank=True)
    problem = models.CharField(_("Problem"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("tracking registration")
        verbose_name_plural = _("tracking registrations")
        constraints = [
            models.CheckConstraint(
                condition=Q(due_at__isnull=False) | Q(registered_at__isnull=False) | ~Q(problem=""),
                name="tracking_rejection_has_reason",
            )
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=Q(due_at__isnull=False),
                name="tracking_registration_is_due",
            ),
            models.Index(fields=["number"], name="tracking_registration_number"),
            models.Index(
                fields=["id"],
                condition=Q(due_at__isnull=True, registered_at__isnull=True),
                name="tracking_registration_rejected",
            ),
        ]

    def __str__(self) -> str:
        return self.number
