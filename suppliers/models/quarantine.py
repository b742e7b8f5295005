"""Quarantine models: store each supplier's thresholds, and the changes that await review."""

from __future__ import annotations

from typing import ClassVar, cast

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from suppliers.models.offers import SupplierOffer
from suppliers.models.runs import SyncRun
from suppliers.models.supplier import Supplier


def _percent(label: Promise) -> models.PositiveSmallIntegerField[int | None, int | None]:
    most = MaxValueValidator(100)
    return models.PositiveSmallIntegerField(
        cast("str", label), null=True, blank=True, validators=[most]
    )


def _factor(label: Promise) -> models.PositiveSmallIntegerField[int | None, int | None]:
    least = MinValueValidator(2)
    return models.PositiveSmallIntegerField(
        cast("str", label), null=True, blank=True, validators=[least]
    )


class QuarantineThresholds(models.Model):
    """Quarantine thresholds of one supplier. Empty fields use the defaults.

    The field names are those of ``guards.PriceGuards``, which holds the defaults.
    """

    NAMES: ClassVar = (
        "max_missing_percent",
        "max_zeroed_percent",
        "max_surged_percent",
        "surge_factor",
        "max_invalid_percent",
        "max_price_outlier_percent",
        "price_outlier_factor",
        "max_negative_margin_percent",
        "max_duplicate_percent",
        "cost_increase_alert_percent",
        "max_file_age_h",
        "review_due_h",
    )

    supplier = models.OneToOneField(Supplier, models.CASCADE, related_name="limits")
    max_missing_percent = _percent(_("Missing rows (max. %)"))
    max_zeroed_percent = _percent(_("Zeroed stock rows (max. %)"))
    max_surged_percent = _percent(_("Surged stock rows (max. %)"))
    surge_factor = _factor(_("Stock surge factor"))
    max_invalid_percent = _percent(_("Invalid rows (max. %)"))
    max_price_outlier_percent = _percent(_("Price outliers (max. %)"))
    price_outlier_factor = _factor(_("Price outlier factor"))
    max_negative_margin_percent = _percent(_("Costs above our net price (max. %)"))
    max_duplicate_percent = _percent(_("Duplicate rows (max. %)"))
    cost_increase_alert_percent = _percent(_("Cost increase alert above (%)"))
    max_file_age_h = models.PositiveIntegerField(
        _("Maximum age of the newest row (hours)"), null=True, blank=True
    )
    review_due_h = models.PositiveIntegerField(
        _("Review due within (hours)"), null=True, blank=True
    )

    class Meta:
        verbose_name_plural = "feed limits"

    def __str__(self) -> str:
        return f"limits of {self.supplier}"


class PendingChange(models.Model):
    """One value that a run would change, or that a rollback restored.

    ``row`` is the supplier's SKU, or its product id for ``Kind.DISCONTINUED`` and
    ``Kind.PRODUCT_PAGE``; ``place`` is a location code. ``old`` is empty for a new stock row.
    ``size`` is the factor by which a cost changes, or the units by which stock does.
    ``reported_at`` is when the supplier reported the value, if after the start of the run: webhook
    events and later delta lists are merged into a run that awaits review.
    """

    class Kind(models.TextChoices):
        COST = "cost", _("Cost")
        STOCK = "stock", _("Stock")
        DISCONTINUED = "discontinued", _("Discontinued")  # a product missing from the list
        PRODUCT_PAGE = "page", _("Product page")  # a product with a new or changed page

    class Outcome(models.TextChoices):
        UNDECIDED = "", ""  # not decided
        APPLIED = "applied", _("Applied")
        LEFT_TO_NEXT_RUN = "next_run", _("Left to the next run")  # the next run reads it again
        ROLLED_BACK = "rolled_back", _("Rolled back")
        # until the sales that it contains are subtracted again
        DEFERRED = "deferred", _("Waiting for sales to be subtracted")
        SKIPPED_NEWER_VALUE = "skipped", _("Skipped: newer value exists")

    run = models.ForeignKey(SyncRun, models.CASCADE, related_name="changes")
    kind = models.CharField(max_length=20, choices=Kind)
    offer = models.ForeignKey(SupplierOffer, models.CASCADE, null=True, related_name="+")
    row = models.CharField(max_length=60)
    place = models.CharField(max_length=30, blank=True)
    country = models.CharField(max_length=2, blank=True)
    old = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    new = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    size = models.DecimalField(max_digits=18, decimal_places=4, default=0)
    outcome = models.CharField(max_length=20, choices=Outcome, blank=True)
    reported_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["run", "-size", "id"], name="change_by_size"),
            models.Index(fields=["run", "kind", "-size", "id"], name="change_by_kind_and_size"),
            models.Index(fields=["run"], condition=Q(outcome="deferred"), name="change_that_waits"),
        ]

    def __str__(self) -> str:
        return f"{self.row}: {self.old} -> {self.new}"
