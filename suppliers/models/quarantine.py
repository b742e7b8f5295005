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
    lost_percent = _percent(_("Rows that may be missing, %"))
    emptied_percent = _percent(_("Stock rows that may fall to zero, %"))
    soared_percent = _percent(_("Stock rows that may soar, %"))
    soar_factor = _factor(_("Stock soars when it rises to so many times as much"))
    bad_percent = _percent(_("Rows that may be unusable, %"))
    jumped_percent = _percent(_("Costs that may jump, %"))
    jump_factor = _factor(_("A jump is a cost that moves by this factor"))
    above_price_percent = _percent(_("Costs that may rise above our net price, %"))
    twice_percent = _percent(_("Rows that may be told twice, %"))
    risen_percent = _percent(_("Staff are told of a cost that rises by more, %"))
    stale_h = models.PositiveIntegerField(
        _("Hours after which the newest row is too old; 0 never asks"), null=True, blank=True
    )
    decide_within_h = models.PositiveIntegerField(
        _("Hours in which staff decide about a feed"), null=True, blank=True
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
        GONE = "gone", _("No longer listed")  # a product missing from the list
        PAGE = "page", _("Product page")  # a product with a new or changed page

    class Outcome(models.TextChoices):
        NONE = "", ""  # not decided
        APPLIED = "applied", _("Applied")
        NEXT_RUN = "next_run", _("Left to the next run")  # the next run reads it again
        UNDONE = "undone", _("Undone")
        # until the sales that it contains are subtracted again
        WAITS = "waits", _("Waits for sales to be subtracted")
        LEFT = "left", _("Left as it was")

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
