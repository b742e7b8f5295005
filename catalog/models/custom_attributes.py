"""Custom attribute model: store the attributes that staff define beside the columns of ``Spec``."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from storefront.lib.db.constraints import check

CHOICE_KINDS = ("choice", "choices")


class CustomAttribute(models.Model):
    """One attribute of products, defined by staff without code.

    Its values are in ``Spec.custom_values``, those of a localized text in each language under a key of
    their own: ``care`` in English, ``care:az``. ``search.custom_facets`` makes filters of them.
    """

    class Kind(models.TextChoices):
        NUMBER = "number", _("Number")
        CHOICE = "choice", _("One of several choices")
        CHOICES = "choices", _("Any of several choices")
        YES_NO = "yes_no", _("Yes or no")
        TEXT = "text", _("Text")

    class FilterDisplay(models.TextChoices):
        NONE = "", _("No")
        FOLDED = "folded", _("Under “Show more filters”")
        SHOWN = "shown", _("Always shown")

    code = models.SlugField(
        _("Code"),
        max_length=40,
        unique=True,
        help_text=_("Identifies the attribute in exports and the API. It cannot be changed."),
    )
    is_localized = models.BooleanField(
        _("One text per language"),
        default=False,
        help_text=_(
            "For a text. Suppliers state it in English, staff enter the other languages. Customers see"
            " English if their language has none."
        ),
    )
    names = models.JSONField(
        _("Names by language"), help_text=_("A missing language shows English.")
    )
    kind = models.CharField(
        _("Type"),
        max_length=10,
        choices=Kind,
        help_text=_("Determines how values are read and entered. It cannot be changed."),
    )
    unit = models.CharField(
        _("Unit of the number"),
        max_length=10,
        blank=True,
        help_text=_("The unit of a number, such as h or mm."),
    )
    minimum = models.DecimalField(
        _("Smallest value"),
        max_digits=10,
        decimal_places=3,
        null=True,
        blank=True,
        help_text=_("For a number. Values outside the range are reported and not shown."),
    )
    maximum = models.DecimalField(
        _("Largest value"),
        max_digits=10,
        decimal_places=3,
        null=True,
        blank=True,
        help_text=_("For a number. Values outside the range are reported and not shown."),
    )
    # pairs of a code and its names by language, in the order of staff
    choices = models.JSONField(
        _("Choices by code"),
        default=list,
        blank=True,
        help_text=_(
            "The code is what data refers to, such as tail. The smallest position comes first. Empty"
            " a row to remove its choice; save to get more rows."
        ),
    )
    labels = ArrayField(
        models.CharField(max_length=60),
        default=list,
        blank=True,
        verbose_name=_("Names in supplier data"),
        help_text=_("Other names of this attribute in feeds and specification tables."),
    )
    families = ArrayField(
        models.CharField(max_length=20),
        default=list,
        blank=True,
        verbose_name=_("Product families"),
        help_text=_("The families whose products have this attribute. Leave empty for all."),
    )
    is_required = models.BooleanField(
        _("Required"),
        default=False,
        help_text=_(
            "Products without it are incomplete, and listed under the filter “Missing value”."
        ),
    )
    filter_display = models.CharField(
        _("Customers filter by it"),
        max_length=10,
        choices=FilterDisplay,
        blank=True,
        default=FilterDisplay.NONE,
        help_text=_("Lists offer the filter if products differ in this attribute. Not for a text."),
    )
    position = models.PositiveSmallIntegerField(
        _("Position on the page"), default=0, help_text=_("The smallest number comes first.")
    )

    class Meta:
        verbose_name = _("custom attribute")
        verbose_name_plural = _("custom attributes")
        constraints = [
            check(
                "custom_attribute_kind_is_known",
                models.Q(kind__in=[*CHOICE_KINDS, "number", "yes_no", "text"]),
            ),
            check(
                "custom_attribute_choices_exist",
                (models.Q(kind__in=CHOICE_KINDS) & ~models.Q(choices=[]))
                | (~models.Q(kind__in=CHOICE_KINDS) & models.Q(choices=[])),
                violation_error_message=_(
                    "Enter choices if the type has choices. Leave them empty for other types."
                ),
            ),
            check(
                "custom_attribute_localized_is_text",
                models.Q(is_localized=False) | models.Q(kind="text"),
                violation_error_message=_("Only a text can have one text per language."),
            ),
            check(
                "custom_attribute_filter_is_known",
                models.Q(filter_display="")
                | (models.Q(filter_display__in=["folded", "shown"]) & ~models.Q(kind="text")),
                violation_error_message=_("Customers cannot filter by a text."),
            ),
            check(
                "custom_attribute_range",
                models.Q(minimum__isnull=True)
                | models.Q(maximum__isnull=True)
                | models.Q(minimum__lte=models.F("maximum")),
                violation_error_message=_("The smallest value is larger than the largest."),
            ),
        ]

    def __str__(self) -> str:
        return str(self.names.get("en", self.code))
