"""Exchange rate models: store the current rates and every reported rate."""

from datetime import datetime, timedelta
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from catalog.enums import RateStatus
from storefront.lib.state_machine import Stateful


class ExchangeRateQuerySet(models.QuerySet["ExchangeRate"]):
    def valid(self, now: datetime) -> Self:
        """Return the recent rates, without those that have a newer rate awaiting approval."""
        return self.filter(
            as_of__gte=now - timedelta(hours=settings.RATES_MAX_AGE_H), pending_rate__isnull=True
        )


class ExchangeRate(models.Model):
    """The value of one unit of ``base`` in ``quote``, its source and date.

    ``pending_rate`` is a newer rate held for approval because its change exceeded the limit.
    ``validity`` is the validity when prices were last calculated, ``supplied_under`` the validity
    when the offers for sale in that currency were last chosen
    (``suppliers.inventory.confirmations``).
    """

    base = models.CharField(
        _("From currency"),
        max_length=3,
        help_text=_("Three-letter code of the supplier's currency, such as USD."),
    )
    quote = models.CharField(
        _("To currency"),
        max_length=3,
        help_text=_("Three-letter code of our currency, such as EUR."),
    )
    rate = models.DecimalField(
        _("Rate"),
        max_digits=20,
        decimal_places=10,
        help_text=_(
            "Price of one unit of the first currency in the second. Prices are recalculated."
        ),
    )
    source = models.CharField(
        _("Source"), max_length=60, help_text=_("A bank or a web page, for reference.")
    )
    as_of = models.DateTimeField(
        _("As of (UTC)"), help_text=_("Prices use this rate until it is outdated.")
    )
    pending_rate = models.DecimalField(
        _("Newer rate awaiting approval"), max_digits=20, decimal_places=10, null=True, blank=True
    )
    validity = models.CharField(
        _("Status"),
        max_length=7,
        choices=[
            (RateStatus.SURE.value, _("Current")),
            (RateStatus.UNSURE.value, _("Uncertain")),
            (RateStatus.UNKNOWN.value, _("Outdated")),
        ],
        default=RateStatus.SURE.value,
    )
    supplied_under = models.CharField(
        _("Status when last published"),
        max_length=7,
        db_default=RateStatus.UNKNOWN.value,
        editable=False,
    )

    objects = ExchangeRateQuerySet.as_manager()

    class Meta:
        verbose_name = _("exchange rate")
        verbose_name_plural = _("exchange rates")
        constraints = [
            models.UniqueConstraint(fields=["base", "quote"], name="exchange_rate_once_per_pair"),
            models.CheckConstraint(
                condition=Q(rate__gt=0) & (Q(pending_rate__isnull=True) | Q(pending_rate__gt=0)),
                name="exchange_rate_positive",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.base}/{self.quote}"


class ExchangeRateUpdate(Stateful):
    """A reported rate and its status; ``old_rate`` was the current rate when it was reported."""

    class Status(models.TextChoices):
        APPLIED = "applied", _("Applied")  # plausible, or set by staff
        WAITING = "waiting", _("Awaiting approval")  # its change exceeded the limit
        APPROVED = "approved", _("Approved")
        REJECTED = "rejected", _("Rejected")
        SUPERSEDED = "superseded", _("Superseded")

    TRANSITIONS: ClassVar = {
        Status.APPLIED: frozenset(),
        Status.WAITING: frozenset({Status.APPROVED, Status.REJECTED, Status.SUPERSEDED}),
        Status.APPROVED: frozenset(),
        Status.REJECTED: frozenset(),
        Status.SUPERSEDED: frozenset(),
    }
    STATUS_FIELDS: ClassVar = {"status": TRANSITIONS}

    base = models.CharField(_("From currency"), max_length=3)
    quote = models.CharField(_("To currency"), max_length=3)
    rate = models.DecimalField(_("Rate"), max_digits=20, decimal_places=10)
    old_rate = models.DecimalField(
        _("Previous rate"), max_digits=20, decimal_places=10, null=True, blank=True
    )
    source = models.CharField(_("Source"), max_length=60)
    as_of = models.DateTimeField(_("As of"))
    status = models.CharField(_("Status"), max_length=10, choices=Status)
    status_since = models.DateTimeField(_("Status since"))
    reported_by = models.CharField(_("Reported by"), max_length=100)
    reported_at = models.DateTimeField(_("Received"))

    class Meta:
        verbose_name = _("exchange rate update")
        verbose_name_plural = _("exchange rate updates")
        constraints = [
            models.UniqueConstraint(
                fields=["base", "quote"],
                condition=Q(status="waiting"),
                name="exchange_rate_update_one_pending_per_pair",
            ),
            models.CheckConstraint(condition=Q(rate__gt=0), name="exchange_rate_update_positive"),
            models.CheckConstraint(
                condition=Q(
                    status__in=["applied", "waiting", "approved", "rejected", "superseded"]
                ),
                name="exchange_rate_update_status_is_known",
            ),
        ]
        indexes = [
            models.Index(fields=["base", "quote", "as_of"], name="exchange_rate_update_by_pair")
        ]

    def __str__(self) -> str:
        return f"{self.base}/{self.quote} {self.as_of:%Y-%m-%d}"
