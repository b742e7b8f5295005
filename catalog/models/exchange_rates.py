"""Exchange rate models: store the current rates and every reported rate."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from catalog.enums import RateStanding as Standing
from storefront.lib.state_machine import Stateful


class ExchangeRateQuerySet(models.QuerySet["ExchangeRate"]):
    """Queries of exchange rates."""

    def sure(self, now: datetime) -> ExchangeRateQuerySet:
        """Return the rates that are neither expired nor about to change."""
        return self.filter(
            as_of__gte=now - timedelta(hours=settings.RATES_MAX_AGE_H), waiting_rate__isnull=True
        )


class ExchangeRate(models.Model):
    """The value of one unit of ``base`` in ``quote``, its source and date.

    ``waiting_rate`` is a newer rate held for approval because it moved too far. ``standing`` is the
    validity when prices were last calculated, ``supplied_under`` the validity when the offers for
    sale in that currency were last chosen (``suppliers.inventory.confirmations``).
    """

    base = models.CharField(max_length=3)
    quote = models.CharField(max_length=3)
    rate = models.DecimalField(max_digits=20, decimal_places=10)
    source = models.CharField(max_length=60)
    as_of = models.DateTimeField()
    waiting_rate = models.DecimalField(max_digits=20, decimal_places=10, null=True, blank=True)
    standing = models.CharField(
        max_length=7,
        choices=[
            (Standing.SURE.value, _("current")),
            (Standing.UNSURE.value, _("uncertain")),
            (Standing.UNKNOWN.value, _("outdated")),
        ],
        default=Standing.SURE.value,
    )
    supplied_under = models.CharField(
        max_length=7, db_default=Standing.UNKNOWN.value, editable=False
    )

    objects = ExchangeRateQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["base", "quote"], name="exchange_rate_once_per_pair"),
            models.CheckConstraint(
                condition=Q(rate__gt=0) & (Q(waiting_rate__isnull=True) | Q(waiting_rate__gt=0)),
                name="exchange_rate_positive",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.base}/{self.quote}"


class RateNews(Stateful):
    """A rate as reported: the history of all rates, and those that wait for approval.

    ``old_rate`` was the current rate when it came.
    """

    class Status(models.TextChoices):
        TAKEN = "taken", _("Applied")  # plausible, or set by staff
        WAITING = "waiting", _("Awaiting approval")  # it moved too far
        APPROVED = "approved", _("Approved")
        REJECTED = "rejected", _("Rejected")
        LAPSED = "lapsed", _("Superseded")

    TRANSITIONS: ClassVar = {
        Status.TAKEN: frozenset(),
        Status.WAITING: frozenset({Status.APPROVED, Status.REJECTED, Status.LAPSED}),
        Status.APPROVED: frozenset(),
        Status.REJECTED: frozenset(),
        Status.LAPSED: frozenset(),
    }
    AXES: ClassVar = {"status": TRANSITIONS}

    base = models.CharField(max_length=3)
    quote = models.CharField(max_length=3)
    rate = models.DecimalField(max_digits=20, decimal_places=10)
    old_rate = models.DecimalField(max_digits=20, decimal_places=10, null=True, blank=True)
    source = models.CharField(max_length=60)
    as_of = models.DateTimeField()
    status = models.CharField(max_length=10, choices=Status)
    status_since = models.DateTimeField()
    told_by = models.CharField(max_length=100)
    told_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["base", "quote"],
                condition=Q(status="waiting"),
                name="rate_news_one_waits_per_pair",
            ),
            models.CheckConstraint(condition=Q(rate__gt=0), name="rate_news_positive"),
            models.CheckConstraint(
                condition=Q(status__in=["taken", "waiting", "approved", "rejected", "lapsed"]),
                name="rate_news_status_is_known",
            ),
        ]
        indexes = [models.Index(fields=["base", "quote", "as_of"], name="rate_news_by_pair")]

    def __str__(self) -> str:
        return f"{self.base}/{self.quote} {self.as_of:%Y-%m-%d}"
