"""Quarantine models: store each supplier's thresholds, and the changes that await review."""

from __future__ import annotations

from typing import ClassVar, cast

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from suppliers.models.offers import SupplierOffer
from suppliers.models.runs import FeedRun
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


class FeedLimits(models.Model):
    """Quarantine thresholds of one supplier. Empty fields use the defaults.

    The field names are those of ``guards.Limits``, which holds the defaults.
    """

    NAMES: ClassVar = (
        "lost_percent", "emptied_percent", "soared_percent", "soar_factor", "bad_percent",
        "jumped_percent", "jump_factor", "above_price_percent", "twice_percent", "risen_percent",
        "stale_h", "decide_within_h",
    )  # fmt: skip

    supplier = models.OneToOneField(Supplier, models.CASCADE, related_name="limits")
    lost_percent = _percent(_("Missing rows (max. %)"))
    emptied_percent = _percent(_("Zeroed stock rows (max. %)"))
    soared_percent = _percent(_("Surged stock rows (max. %)"))
    soar_factor = _factor(_("Stock surge factor"))
    bad_percent = _percent(_("Invalid rows (max. %)"))
    jumped_percent = _percent(_("Price outliers (max. %)"))
    jump_factor = _factor(_("Price outlier factor"))
    above_price_percent = _percent(_("Costs above our net price (max. %)"))
    twice_percent = _percent(_("Duplicate rows (max. %)"))
    risen_percent = _percent(_("Cost increase alert above (%)"))
    stale_h = models.PositiveIntegerField(
        _("Maximum age of the newest row (hours)"), null=True, blank=True
    )
    decide_within_h = models.PositiveIntegerField(
        _("Review due within (hours)"), null=True, blank=True
    )

    class Meta:
        verbose_name_plural = "feed limits"

    def __str__(self) -> str:
        return f"limits of {self.supplier}"


class FeedChange(models.Model):
    """One value that a run would change, or that a rollback restored.

    ``row`` is the supplier's SKU, or its product id for ``Kind.GONE`` and ``Kind.PAGE``;
    ``place`` is a location code. ``old`` is empty for a new stock row. ``size`` is the factor
    by which a cost changes, or the units by which stock does. ``told_at`` is when the supplier
    reported the value, if after the start of the run: webhook events and later delta lists are
    merged into a run that awaits review.
    """

    class Kind(models.TextChoices):
        COST = "cost", _("Cost")
        STOCK = "stock", _("Stock")
        GONE = "gone", _("Discontinued")  # a product missing from the list
        PAGE = "page", _("Product page")  # a product with a new or changed page

    class Outcome(models.TextChoices):
        NONE = "", ""  # not decided
        APPLIED = "applied", _("Applied")
        NEXT_RUN = "next_run", _("Left to the next run")  # the next run reads it again
        UNDONE = "undone", _("Rolled back")
        # until the sales that it contains are subtracted again
        WAITS = "waits", _("Waiting for sales to be subtracted")
        LEFT = "left", _("Skipped: newer value exists")

    run = models.ForeignKey(FeedRun, models.CASCADE, related_name="changes")
    kind = models.CharField(max_length=6, choices=Kind)
    offer = models.ForeignKey(SupplierOffer, models.CASCADE, null=True, related_name="+")
    row = models.CharField(max_length=60)
    place = models.CharField(max_length=30, blank=True)
    country = models.CharField(max_length=2, blank=True)
    old = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    new = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    size = models.DecimalField(max_digits=18, decimal_places=4, default=0)
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["run", "-size", "id"], name="change_by_size"),
            models.Index(fields=["run", "kind", "-size", "id"], name="change_by_kind_and_size"),
            models.Index(fields=["run"], condition=Q(outcome="waits"), name="change_that_waits"),
        ]

    def __str__(self) -> str:
        return f"{self.row}: {self.old} -> {self.new}"
