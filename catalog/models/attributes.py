"""Attribute models: store the typed specifications and light modes of a product.

An unknown value is empty, never guessed.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from catalog.models.products import Product


class Spec(models.Model):
    """The attributes that customers filter by, one row per product.

    Units:  as in the column names; runtimes until the output falls to 10 %
    """

    class Basis(models.TextChoices):
        """Where the values come from."""

        NONE = "none", _("No source")
        SUPPLIER_CLAIM = "supplier_claim", _("Supplier claim")
        FL1_CLAIM = "fl1_claim", _("FL 1 claim")
        TEST_REPORT = "test_report", _("Test report")
        OWN_MEASUREMENT = "own_measurement", _("Measured by us")

    product = models.OneToOneField(Product, models.CASCADE, related_name="spec")
    output_lm = models.PositiveIntegerField(null=True, blank=True)
    output_min_lm = models.DecimalField(max_digits=7, decimal_places=2, null=True, blank=True)
    intensity_cd = models.PositiveIntegerField(null=True, blank=True)
    beam_m = models.PositiveIntegerField(null=True, blank=True)  # 2 * sqrt(cd), always computed
    runtime_high_min = models.PositiveIntegerField(null=True, blank=True)
    runtime_max_min = models.PositiveIntegerField(null=True, blank=True)
    weight_g = models.PositiveIntegerField(null=True, blank=True)
    length_mm = models.PositiveIntegerField(null=True, blank=True)
    head_mm = models.PositiveIntegerField(null=True, blank=True)
    ip_rating = models.CharField(max_length=7, blank=True)
    impact_m = models.DecimalField(max_digits=4, decimal_places=1, null=True, blank=True)
    cct_k = models.PositiveIntegerField(null=True, blank=True)
    cri = models.PositiveSmallIntegerField(null=True, blank=True)
    power_sources = models.JSONField(default=list, blank=True)  # built_in, replaceable_cell, …
    battery_format = models.CharField(max_length=20, blank=True)
    battery_count = models.PositiveSmallIntegerField(null=True, blank=True)
    battery_included = models.BooleanField(null=True, blank=True)
    battery_chemistry = models.CharField(max_length=20, blank=True)
    battery_capacity_mah = models.PositiveIntegerField(null=True, blank=True)
    battery_voltage = models.DecimalField(max_digits=5, decimal_places=2, null=True, blank=True)
    battery_energy_wh = models.DecimalField(max_digits=7, decimal_places=2, null=True, blank=True)
    charging = models.JSONField(default=list, blank=True)
    features = models.JSONField(default=list, blank=True)
    light_colors = models.JSONField(default=list, blank=True)
    material = models.CharField(max_length=60, blank=True)
    basis = models.CharField(max_length=20, choices=Basis, default=Basis.SUPPLIER_CLAIM)
    more = models.JSONField(default=dict, blank=True)  # label -> text, as the supplier states it
    sources = models.JSONField(default=dict, blank=True)  # column -> {"supplier", "run", "raw"}
    warnings = models.JSONField(default=list, blank=True)  # unlikely values

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(output_lm__isnull=True) | Q(output_lm__lte=100_000),
                name="spec_output_is_possible",
            ),
        ]
        indexes = [
            # A beam image exists only for a pair of values that a product has.
            models.Index(
                fields=["intensity_cd", "output_lm"],
                condition=Q(intensity_cd__isnull=False, output_lm__isnull=False),
                name="spec_by_beam",
            ),
        ]

    def __str__(self) -> str:
        return f"spec of {self.product_id}"


class Mode(models.Model):
    """One brightness mode of a light."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="modes")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=40)
    kind = models.CharField(max_length=12, default="white")
    output_lm = models.DecimalField(max_digits=8, decimal_places=2, null=True, blank=True)
    runtime_min = models.PositiveIntegerField(null=True, blank=True)
    intensity_cd = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["product", "position"], name="mode_once_per_position"),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.product_id}"
