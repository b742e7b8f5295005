"""Attribute models: store the typed specifications and light modes of a product.

An unknown value is empty, never guessed.
"""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from catalog.models.products import Product
from storefront.lib.db.fields import cascading_key

# Columns of ``Spec`` that can be measured, so that their basis matters.
MEASURED_COLUMNS = (
    *("output_lm", "output_min_lm", "intensity_cd", "beam_m", "runtime_high_min"),
    "runtime_max_min",
    *("weight_g", "length_mm", "head_mm", "ip_rating", "impact_m", "cct_k", "cri"),
    *("battery_capacity_mah", "battery_voltage", "battery_energy_wh"),
)


class Spec(models.Model):
    """The attributes that customers filter by, one row per product.

    Units:  as in the column names; runtimes until the output falls to 10 %
    """

    class Basis(models.TextChoices):
        """What a value rests on, the weakest first."""

        NONE = "none", _("No source")
        SUPPLIER_CLAIM = "supplier_claim", _("Supplier claim")
        FL1_CLAIM = "fl1_claim", _("FL 1 claim")
        TEST_REPORT = "test_report", _("Test report")
        OWN_MEASUREMENT = "own_measurement", _("Measured by us")

    product = models.OneToOneField(
        Product, models.CASCADE, related_name="spec", verbose_name=_("Product")
    )
    output_lm = models.PositiveIntegerField(_("Output, lm"), null=True, blank=True)
    output_min_lm = models.DecimalField(
        _("Minimum output, lm"), max_digits=7, decimal_places=2, null=True, blank=True
    )
    intensity_cd = models.PositiveIntegerField(_("Peak intensity, cd"), null=True, blank=True)
    # 2 * sqrt(cd), always computed
    beam_m = models.PositiveIntegerField(_("Beam distance, m"), null=True, blank=True)
    runtime_high_min = models.PositiveIntegerField(
        _("Runtime on high, minutes"), null=True, blank=True
    )
    runtime_max_min = models.PositiveIntegerField(
        _("Longest runtime, minutes"), null=True, blank=True
    )
    weight_g = models.PositiveIntegerField(_("Weight, g"), null=True, blank=True)
    length_mm = models.PositiveIntegerField(_("Length, mm"), null=True, blank=True)
    head_mm = models.PositiveIntegerField(_("Head diameter, mm"), null=True, blank=True)
    ip_rating = models.CharField(_("Water and dust protection"), max_length=7, blank=True)
    impact_m = models.DecimalField(
        _("Drop resistance, m"), max_digits=4, decimal_places=1, null=True, blank=True
    )
    cct_k = models.PositiveIntegerField(_("Color temperature, K"), null=True, blank=True)
    cri = models.PositiveSmallIntegerField(_("Color rendering"), null=True, blank=True)
    # built_in, replaceable_cell, …
    power_sources = models.JSONField(_("Power source"), default=list, blank=True)
    battery_format = models.CharField(_("Battery"), max_length=20, blank=True)
    battery_count = models.PositiveSmallIntegerField(_("Batteries"), null=True, blank=True)
    battery_included = models.BooleanField(_("Battery included"), null=True, blank=True)
    battery_chemistry = models.CharField(_("Chemistry"), max_length=20, blank=True)
    battery_capacity_mah = models.PositiveIntegerField(_("Capacity, mAh"), null=True, blank=True)
    battery_voltage = models.DecimalField(
        _("Voltage, V"), max_digits=5, decimal_places=2, null=True, blank=True
    )
    battery_energy_wh = models.DecimalField(
        _("Energy, Wh"), max_digits=7, decimal_places=2, null=True, blank=True
    )
    charging = models.JSONField(_("Charging"), default=list, blank=True)
    features = models.JSONField(_("Features"), default=list, blank=True)
    light_colors = models.JSONField(_("Light colors"), default=list, blank=True)
    material = models.CharField(_("Material"), max_length=60, blank=True)
    # code of a ``CustomAttribute`` (``care``, of a translation ``care:az``) -> value; a number is a
    # decimal as text
    custom_values = models.JSONField(_("Custom attributes"), default=dict, blank=True)
    # label -> text, as the supplier states it
    more = models.JSONField(_("Supplier's text"), default=dict, blank=True)
    # column, or "custom:" and a code -> {"supplier", "label", "raw"}, "on" and "run": the date and the
    # sync run that first stated it, and, if it is more than a claim of the supplier, "basis"; staff
    # edits: see ``products.spec_edits``
    sources = models.JSONField(_("Sources"), default=dict, blank=True)
    # what the supplier states beside the columns and the checks of numbers need, as
    # ``attributes.plausibility.inputs_of`` returns it
    check_inputs = models.JSONField(_("Figures for checks"), default=dict, blank=True)
    # findings, as ``attributes.normalization`` stores them: unlikely and impossible values
    warnings = models.JSONField(_("Warnings"), default=list, blank=True)

    class Meta:
        verbose_name = _("specification")
        verbose_name_plural = _("specifications")
        constraints = [
            models.CheckConstraint(
                condition=Q(output_lm__isnull=True) | Q(output_lm__lte=100_000),
                name="spec_output_is_possible",
            )
        ]
        indexes = [
            # Beam images are drawn only for pairs of values that a product has.
            models.Index(
                fields=["intensity_cd", "output_lm"],
                condition=Q(intensity_cd__isnull=False, output_lm__isnull=False),
                name="spec_by_beam",
            )
        ]

    def __str__(self) -> str:
        return str(self.product)

    def basis_of(self, column: str) -> Basis:
        """Return the basis of a value; ``column`` is a key of ``sources``."""
        source = self.sources.get("intensity_cd" if column == "beam_m" else column, {})
        if stated := source.get("basis"):
            return self.Basis(stated)
        return self.Basis.SUPPLIER_CLAIM if "supplier" in source else self.Basis.NONE

    @property
    def bases(self) -> dict[str, Basis]:
        """Return the basis of each measured value that is known."""
        return {
            column: self.basis_of(column)
            for column in MEASURED_COLUMNS
            if getattr(self, column) not in (None, "")
        }

    @property
    def basis(self) -> Basis:
        """Return the weakest basis of the measured values: no page promises more."""
        return min(self.bases.values(), key=[*self.Basis].index, default=self.Basis.NONE)


# Columns of ``Spec`` with a value of the product; staff enter all but the derived one.
VALUE_COLUMNS = tuple(
    column.name
    for column in Spec._meta.concrete_fields  # noqa: SLF001 - Django's documented model API
    if column.name
    not in {"id", "product", "custom_values", "more", "sources", "check_inputs", "warnings"}
)
DERIVED_COLUMN = "beam_m"
EDITABLE_COLUMNS = tuple(name for name in VALUE_COLUMNS if name != DERIVED_COLUMN)


class OtherStatement(models.Model):
    """The specification that a supplier states of a product which another supplier describes.

    Shape:  ``values`` maps columns, or ``custom:`` and the code of an attribute, to
            ``{"label", "raw", "value"}``
    """

    product = cascading_key(Product, "other_statements", _("Product"), db_index=False)
    supplier_code = models.CharField(_("Supplier"), max_length=40)
    values = models.JSONField(_("Values"), default=dict)
    stated_at = models.DateTimeField(_("Stated at"))

    class Meta:
        verbose_name = _("statement of another supplier")
        verbose_name_plural = _("statements of other suppliers")
        constraints = [
            models.UniqueConstraint(
                fields=["product", "supplier_code"], name="statement_once_per_supplier"
            )
        ]

    def __str__(self) -> str:
        return f"{self.supplier_code} on {self.product_id}"


class Mode(models.Model):
    product = cascading_key(Product, "modes", _("Product"), db_index=False)
    position = models.PositiveSmallIntegerField(_("Position"))
    name = models.CharField(_("Name"), max_length=40)
    kind = models.CharField(_("Kind"), max_length=12, default="white")
    output_lm = models.DecimalField(
        _("Output, lm"), max_digits=8, decimal_places=2, null=True, blank=True
    )
    runtime_min = models.PositiveIntegerField(_("Runtime, minutes"), null=True, blank=True)
    intensity_cd = models.PositiveIntegerField(_("Peak intensity, cd"), null=True, blank=True)

    class Meta:
        verbose_name = _("mode")
        verbose_name_plural = _("modes")
        constraints = [
            models.UniqueConstraint(fields=["product", "position"], name="mode_once_per_position")
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.product_id}"
