"""The things in the catalog: a product as a shopper knows it, a variant as he buys it."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from catalog.models.taxonomy import Category, Family


class Brand(models.Model):
    """A maker's name; ``key`` is the name folded for comparison."""

    name = models.CharField(max_length=80)
    key = models.CharField(max_length=80, unique=True)

    def __str__(self) -> str:
        return self.name


class Product(models.Model):
    """One marketing unit: a page in the shop, with one or more variants."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        ACTIVE = "active", _("Active")
        ARCHIVED = "archived", _("Archived")

    slug = models.SlugField(max_length=120, unique=True)
    brand = models.ForeignKey(Brand, models.PROTECT, related_name="products")
    category = models.ForeignKey(Category, models.PROTECT, related_name="products")
    family = models.CharField(max_length=20, choices=Family)
    title = models.CharField(max_length=150)
    summary = models.CharField(max_length=300, blank=True)
    description_html = models.TextField(blank=True)  # sanitized when written
    option_names = models.JSONField(default=list, blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    # What its maker gives beyond the two years of the law, from the day on which it arrives.
    warranty_months = models.PositiveSmallIntegerField(null=True, blank=True)
    locked_fields = models.JSONField(default=list, blank=True)  # a human wrote these
    not_sent_to = ArrayField(
        models.CharField(max_length=2), default=list, db_default=[], blank=True
    )  # codes of countries; empty: it may be sent everywhere
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status__in=["draft", "active", "archived"]),
                name="product_status_is_known",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Variant(models.Model):
    """What is bought: one color, one battery option, one SKU of ours."""

    class Status(models.TextChoices):
        ACTIVE = "active", _("Active")
        PHASING_OUT = "phasing_out", _("Being sold off")
        DISCONTINUED = "discontinued", _("Discontinued")

    class Lithium(models.TextChoices):
        """How lithium travels with it: decides which routes may carry it."""

        NONE = "none", _("No lithium")
        INSIDE = "inside", _("Lithium inside the light")  # installed in the light: UN3481, PI 967
        WITH = "with", _("Lithium beside the light")  # packed beside the light: UN3481, PI 966
        ALONE = "alone", _("A spare lithium cell")  # a spare cell: UN3480, PI 965

    product = models.ForeignKey(Product, models.PROTECT, related_name="variants")
    sku = models.CharField(max_length=40, unique=True)
    option_values = models.JSONField(default=list, blank=True)
    color = models.CharField(max_length=40, blank=True)
    weight_g = models.PositiveIntegerField(null=True, blank=True)
    packed_weight_g = models.PositiveIntegerField(null=True, blank=True)
    lithium = models.CharField(max_length=10, choices=Lithium, default=Lithium.NONE)
    cell_wh = models.DecimalField(max_digits=7, decimal_places=2, null=True, blank=True)
    cell_count = models.PositiveSmallIntegerField(default=0)
    hs_code = models.CharField(max_length=10, blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    status = models.CharField(max_length=15, choices=Status, default=Status.ACTIVE)
    replaced_by = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="replaces"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status__in=["active", "phasing_out", "discontinued"]),
                name="variant_status_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(lithium__in=["none", "inside", "with", "alone"]),
                name="variant_lithium_is_known",
            ),
        ]

    def __str__(self) -> str:
        return self.sku

    @property
    def options_text(self) -> str:
        return " / ".join(str(value) for value in self.option_values)
