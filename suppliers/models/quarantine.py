"""Quarantine models: store each supplier's thresholds, and the changes that await review."""

from functools import partial
from typing import ClassVar, cast

from django.core.validators import BaseValidator, MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from storefront.lib.db.fields import cascading_key
from suppliers.models.offers import SupplierOffer
from suppliers.models.runs import SyncRun
from suppliers.models.supplier import Supplier


def _threshold(
    label: Promise, *, help_text: Promise, validator: BaseValidator
) -> "models.PositiveSmallIntegerField[int | None, int | None]":
    return models.PositiveSmallIntegerField(
        cast("str", label),
        null=True,
        blank=True,
        validators=[validator],
        help_text=cast("str", help_text),
    )


_percent = partial(_threshold, validator=MaxValueValidator(100))
_factor = partial(_threshold, validator=MinValueValidator(2))


class QuarantineThresholds(models.Model):
    """Quarantine thresholds of one supplier. Empty: the default of ``guards.Thresholds``."""

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

    supplier = models.OneToOneField(
        Supplier,
        models.CASCADE,
        related_name="limits",
        verbose_name=_("Supplier"),
        help_text=_("These thresholds apply to this supplier only. Each supplier has one set."),
    )
    max_missing_percent = _percent(
        _("Missing rows (max. %)"),
        help_text=_(
            "If a larger share of the known rows is missing, and more than 3 rows, "
            "the run is quarantined."
        ),
    )
    max_zeroed_percent = _percent(
        _("Zeroed stock rows (max. %)"),
        help_text=_(
            "If a larger share of the rows in stock drops to zero at once, the run is quarantined."
        ),
    )
    max_surged_percent = _percent(
        _("Surged stock rows (max. %)"),
        help_text=_("If a larger share of rows rises steeply at once, the run is quarantined."),
    )
    surge_factor = _factor(
        _("Stock surge factor"),
        help_text=_("What counts as a steep rise: 10 = from 5 units to 50 or more."),
    )
    max_invalid_percent = _percent(
        _("Invalid rows (max. %)"),
        help_text=_("If a larger share of rows cannot be read, the run is quarantined."),
    )
    max_price_outlier_percent = _percent(
        _("Price outliers (max. %)"),
        help_text=_(
            "If a larger share of costs changes steeply at once, the run is "
            "quarantined; a single outlier puts only its offer on hold."
        ),
    )
    price_outlier_factor = _factor(
        _("Price outlier factor"),
        help_text=_("What counts as an outlier: 10 = from 5 to 50 or more, or to 0.50 or less."),
    )
    max_negative_margin_percent = _percent(
        _("Costs above our net price (max. %)"),
        help_text=_(
            "If a larger share of the products on sale would cost more than our "
            "price, the run is quarantined."
        ),
    )
    max_duplicate_percent = _percent(
        _("Duplicate rows (max. %)"),
        help_text=_(
            "If a larger share of rows is repeated with different values, the run is quarantined."
        ),
    )
    cost_increase_alert_percent = _percent(
        _("Cost increase alert above (%)"),
        help_text=_("The cost is applied; it is listed among the alerts for a week."),
    )
    max_file_age_h = models.PositiveIntegerField(
        _("Maximum age of the newest row (hours)"),
        null=True,
        blank=True,
        help_text=_("If the newest row of a file is older, the run is quarantined. 0 = no check."),
    )
    review_due_h = models.PositiveIntegerField(
        _("Review due within (hours)"),
        null=True,
        blank=True,
        help_text=_(
            "A quarantined run without a decision by then is reported as a failed integrity check."
        ),
    )

    class Meta:
        verbose_name = _("quarantine thresholds")
        verbose_name_plural = _("quarantine thresholds")

    def __str__(self) -> str:
        return f"limits of {self.supplier}"


class PendingChange(models.Model):
    """One value that a run would change, or that a rollback restored.

    ``row`` is the supplier's SKU, or its product id for ``Kind.DISCONTINUED`` and
    ``Kind.PRODUCT_PAGE``; ``place`` is a location code. ``old`` is empty for a new stock row.
    ``size`` is the factor by which a cost changes, or the units by which stock does.
    ``reported_at`` is set for values of webhook events and of later delta lists that were merged
    into this run. For values of the run's own list it is empty: ``as_of`` of the run applies.
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
        # restored after the sales that no other report contains are subtracted
        DEFERRED = "deferred", _("Waiting for sales to be subtracted")
        SKIPPED_NEWER_VALUE = "skipped", _("Skipped: newer value exists")

    run = cascading_key(SyncRun, "changes", _("Sync run"), db_index=False)
    kind = models.CharField(_("Type"), max_length=20, choices=Kind)
    offer = models.ForeignKey(
        SupplierOffer, models.CASCADE, null=True, related_name="+", verbose_name=_("Offer")
    )
    row = models.CharField(_("Row"), max_length=60)
    place = models.CharField(_("Location"), max_length=30, blank=True)
    country = models.CharField(_("Country"), max_length=2, blank=True)
    old = models.DecimalField(_("Before"), max_digits=12, decimal_places=2, null=True)
    new = models.DecimalField(_("After"), max_digits=12, decimal_places=2, null=True)
    size = models.DecimalField(_("Magnitude"), max_digits=18, decimal_places=4, default=0)
    outcome = models.CharField(_("Outcome"), max_length=20, choices=Outcome, blank=True)
    reported_at = models.DateTimeField(_("Reported at"), null=True, blank=True)

    class Meta:
        verbose_name = _("pending change")
        verbose_name_plural = _("pending changes")
        indexes = [
            models.Index(fields=["run", "-size", "id"], name="change_by_size"),
            models.Index(fields=["run", "kind", "-size", "id"], name="change_by_kind_and_size"),
            models.Index(fields=["run"], condition=Q(outcome="deferred"), name="change_that_waits"),
        ]

    def __str__(self) -> str:
        return f"{self.row}: {self.old} -> {self.new}"
