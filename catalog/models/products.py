"""Product models: store categories, brands, products, variants, identifiers and images.

A product is one page of the shop, a variant is what a customer buys. An identifier is a GTIN, a
part number (MPN) or the supplier's own number. An image has its source URL and our file name.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from catalog.enums import EU
from storefront.lib.db.fields import StoredGeneratedField

# Categories


class Family(models.TextChoices):
    """The kind of a product, which decides the attributes it needs."""

    FLASHLIGHT = "flashlight", _("Flashlight")
    HEADLAMP = "headlamp", _("Headlamp")
    LANTERN = "lantern", _("Lantern")
    WORK_LIGHT = "work_light", _("Work light")
    BIKE_LIGHT = "bike_light", _("Bike light")
    BATTERY = "battery", _("Battery")
    CHARGER = "charger", _("Charger")
    ACCESSORY = "accessory", _("Accessory")


class Category(models.Model):
    """A category; ``names`` and ``intros`` hold its texts per locale.

    Its products are not sent to the countries in ``not_sent_to``, beside their own.
    """

    slug = models.SlugField(max_length=60, unique=True)
    names = models.JSONField(default=dict)
    intros = models.JSONField(default=dict, blank=True)
    families = models.JSONField(default=list)
    google_id = models.PositiveIntegerField(null=True, blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    not_sent_to = ArrayField(
        models.CharField(max_length=2), default=list, db_default=[], blank=True
    )  # country codes; empty: no restriction

    class Meta:
        verbose_name_plural = "categories"

    def __str__(self) -> str:
        return self.slug

    def name_in(self, locale: str) -> str:
        return str(self.names.get(locale) or self.names.get("en") or self.slug)

    def intro_in(self, locale: str) -> str:
        return str(self.intros.get(locale) or self.intros.get("en") or "")


# Products, variants and identifiers


# The contacts of a brand are columns: ``maker_name`` to ``responsible_email``.
CONTACT_ROLES, CONTACT_PARTS = ("maker", "responsible"), ("name", "address", "country", "email")


class Brand(models.Model):
    """A brand, its manufacturer, and the manufacturer's responsible person in the EU.

    ``key`` is the name folded for comparison. Products of a manufacturer outside the EU are not
    sold to the EU while no responsible person is known (Regulation (EU) 2023/988, article 16).
    """

    name = models.CharField(max_length=80)
    key = models.CharField(max_length=80, unique=True)
    maker_name = models.CharField(max_length=120, blank=True, db_default="", default="")
    maker_address = models.CharField(max_length=300, blank=True, db_default="", default="")
    maker_country = models.CharField(max_length=2, blank=True, db_default="", default="")
    maker_email = models.EmailField(max_length=254, blank=True, db_default="", default="")
    responsible_name = models.CharField(max_length=120, blank=True, db_default="", default="")
    responsible_address = models.CharField(max_length=300, blank=True, db_default="", default="")
    responsible_country = models.CharField(max_length=2, blank=True, db_default="", default="")
    responsible_email = models.EmailField(max_length=254, blank=True, db_default="", default="")
    # Staff entered or removed the responsible person: feeds do not fill it in again.
    is_responsible_locked = models.BooleanField(db_default=False, default=False)
    lacks_responsible_person = StoredGeneratedField(
        expression=models.ExpressionWrapper(
            ~Q(maker_country__in=["", *sorted(EU)]) & Q(responsible_name=""),
            output_field=models.BooleanField(),
        ),
        output_field=models.BooleanField(),
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    responsible_name="",
                    responsible_address="",
                    responsible_country="",
                    responsible_email="",
                )
                | (
                    ~Q(responsible_name="")
                    & ~Q(responsible_address="")
                    & ~Q(responsible_email="")
                    & Q(responsible_country__in=sorted(EU))
                ),
                name="brand_responsible_person_is_whole",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def not_sent_to(self) -> frozenset[str]:
        return EU if self.lacks_responsible_person else frozenset()


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
    # The maker's warranty beyond the statutory two years, from delivery.
    warranty_months = models.PositiveSmallIntegerField(null=True, blank=True)
    overridden_fields = models.JSONField(default=list, blank=True)  # edited by staff
    not_sent_to = ArrayField(
        models.CharField(max_length=2), default=list, db_default=[], blank=True
    )  # country codes; empty: no restriction
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
    """An item for sale: one color, one battery option, one SKU of ours."""

    class Status(models.TextChoices):
        ACTIVE = "active", _("Active")
        PHASING_OUT = "phasing_out", _("Selling off")
        DISCONTINUED = "discontinued", _("Discontinued")

    class Lithium(models.TextChoices):
        """How its lithium ships, which decides what routes may carry it."""

        NONE = "none", _("No lithium")
        INSIDE = (
            "inside",
            _("Lithium battery in the light"),
        )  # installed in the light: UN3481, PI 967
        WITH = (
            "with",
            _("Lithium battery packed with the light"),
        )  # packed beside the light: UN3481, PI 966
        ALONE = "alone", _("Lithium battery only")  # a spare cell: UN3480, PI 965

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

    @property
    def full_title(self) -> str:
        """Return the title of an order line: product title and options."""
        options = f", {self.options_text}" if self.options_text else ""
        return f"{self.product.title}{options}"[:200]


class Identifier(models.Model):
    """One identifier of a variant. A GTIN is stored as 14 digits with a valid check digit.

    An MPN is unique only together with its brand, so ``value`` holds ``brand:mpn``. A model number
    is shared by all versions of a product, so ``value`` holds ``brand:model:options``.
    """

    class Scheme(models.TextChoices):
        GTIN = "gtin", _("GTIN")
        MPN = "mpn", _("Part number (MPN)")
        MODEL = "model", _("Model number")
        SUPPLIER = "supplier", _("Supplier SKU")

    class State(models.TextChoices):
        ASSERTED = "asserted", _("Unverified")
        VERIFIED = "verified", _("Verified")
        CONFLICT = "conflict", _("Conflict between variants")

    variant = models.ForeignKey(Variant, models.CASCADE, related_name="identifiers")
    scheme = models.CharField(max_length=10, choices=Scheme)
    value = models.CharField(max_length=160)
    raw = models.CharField(max_length=160, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.ASSERTED)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["scheme", "value"],
                condition=~Q(state="conflict"),
                name="identifier_names_one_variant",
            ),
            models.CheckConstraint(
                condition=~Q(scheme="gtin") | Q(value__regex=r"^[0-9]{14}$"),
                name="identifier_gtin_has_14_digits",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scheme}:{self.value}"


# Images

WIDTHS_PX = (240, 480, 900)


class ImageQuerySet(models.QuerySet["Image"]):
    """Queries of images."""

    def waiting(self, now: datetime) -> ImageQuerySet:
        """Return images to fetch: never tried, or due for a retry."""
        return self.filter(stem="").filter(
            models.Q(tries=0, retry_at__isnull=True) | models.Q(retry_at__lte=now)
        )

    def showing(self, *, product: Any, variant: Any, color: Any) -> ImageQuerySet:
        """Return a product's fetched images: of the variant, its color, the product, then others.

        Shape:  values, or references to them in an outer query
        """
        is_of_color = ~Q(variant__color="") & Q(variant__color=color)
        nearness = models.Case(
            models.When(variant=variant, then=0),
            models.When(is_of_color, then=1),
            models.When(variant=None, then=2),
            default=3,
        )
        shown = self.filter(product=product).exclude(stem="")
        return shown.annotate(nearness=nearness).order_by("nearness", "position", "pk")


class Image(models.Model):
    """One image. ``stem`` names our resized copies: ``<stem>-<width>.webp``."""

    class Role(models.TextChoices):
        MAIN = "main", _("Main image")
        SIDE = "side", _("Side view")
        IN_USE = "in_use", _("In use")
        SCALE = "scale", _("Size comparison")
        OTHER = "other", _("Other image")

    product = models.ForeignKey(Product, models.CASCADE, related_name="images")
    variant = models.ForeignKey(
        Variant, models.CASCADE, null=True, blank=True, related_name="images"
    )
    role = models.CharField(max_length=10, choices=Role, default=Role.OTHER)
    source_url = models.CharField(max_length=500)
    stem = models.CharField(max_length=80, blank=True)  # empty: not fetched yet
    width_px = models.PositiveSmallIntegerField(null=True, blank=True)
    height_px = models.PositiveSmallIntegerField(null=True, blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    problem = models.CharField(max_length=200, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    retry_at = models.DateTimeField(null=True, blank=True)

    objects = ImageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["product", "source_url"], name="image_once_per_product"
            ),
        ]
        indexes = [
            models.Index(fields=["retry_at"], condition=models.Q(stem=""), name="image_due"),
        ]

    def __str__(self) -> str:
        return self.source_url
