"""Product models: store products, variants, identifiers and images.

A product is one page of the shop, a variant is what a customer buys. An identifier is a GTIN,
MPN, model number or supplier SKU. An image has its source URL and our file name.
"""

from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Reverse, StrIndex, Substr
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from catalog.models.categories import Brand, Category
from catalog.models.families import FamilyField
from storefront.lib.db.fields import cascading_key, protected_key


class Product(models.Model):
    class Status(models.TextChoices):
        """From being written to being withdrawn; ``readiness.lifecycle`` has the transitions."""

        DRAFT = "draft", _("Draft")
        IN_REVIEW = "in_review", _("In review")
        READY = "ready", _("Ready")
        LIVE = "live", pgettext_lazy("product", "Live")
        ARCHIVED = "archived", _("Archived")

    slug = models.SlugField(_("URL handle"), max_length=120, unique=True)
    brand = protected_key(Brand, "products", _("Brand"))
    category = protected_key(
        Category, "products", _("Category"), help_text=_("The category that shows this product.")
    )
    family = FamilyField(_("Family"))
    title = models.CharField(
        _("Title"),
        max_length=150,
        help_text=_(
            "A supplier's title is shown as the family's template writes it, your own title as it is."
        ),
    )
    summary = models.CharField(
        _("Summary, one sentence"),
        max_length=300,
        blank=True,
        help_text=_("Shown by search engines. Leave empty to use the title."),
    )
    # sanitized when written
    description_html = models.TextField(
        _("Description, as HTML"),
        blank=True,
        help_text=_(
            "The text of the product page. Scripts are removed. Leave empty to show the summary."
        ),
    )
    # Language -> title: the override of staff, else that of the template of the family. Derived;
    # written by ``texts.title_updates``. Without English, ``title`` is shown.
    titles = models.JSONField(
        _("Titles by language"),
        default=dict,
        db_default=models.Value({}, models.JSONField()),
        editable=False,
    )
    # language -> warnings, one per line
    safety_warnings = models.JSONField(
        _("Safety warnings by language"),
        default=dict,
        db_default=models.Value({}, models.JSONField()),
        blank=True,
        help_text=_(
            "One warning per line. They replace the usual warnings of the family and the battery."
        ),
    )
    option_names = models.JSONField(_("Option names"), default=list, blank=True)
    status = models.CharField(
        _("Status"),
        max_length=10,
        choices=Status,
        default=Status.DRAFT,
        help_text=_("Only live products are shown and sold."),
    )
    # After a merge: the product to which the page of this one redirects. None: the page answers 410.
    redirects_to = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=_("Redirects to"),
    )
    # ``ProductGuarantee.months``, copied by a trigger; None: no guarantee beyond the legal one.
    guarantee_months = models.PositiveSmallIntegerField(
        _("Guarantee (months)"), null=True, blank=True, editable=False
    )
    # edited by staff: no feed overwrites them
    overridden_fields = models.JSONField(
        _("Locked attributes"),
        default=list,
        blank=True,
    )
    # country codes; empty: no restriction
    restricted_countries = ArrayField(
        models.CharField(max_length=2),
        default=list,
        db_default=[],
        blank=True,
        verbose_name=_("Restricted countries"),
        help_text=_(
            "Country codes, such as DE, FR, where this product is prohibited. The "
            "restrictions of its category also apply. Leave empty for none. Orders "
            "that are not submitted yet are put on hold."
        ),
    )
    created_at = models.DateTimeField(_("Created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("Changed"), auto_now=True)

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status__in=["draft", "in_review", "ready", "live", "archived"]),
                name="product_status_is_known",
            )
        ]
        indexes = [
            # Imports look up titles; without ``fastupdate`` a lookup does not read pending entries.
            GinIndex(
                SearchVector("title", config="simple"), fastupdate=False, name="product_title_words"
            ),
            # The merchant API lists changes.
            models.Index(fields=["updated_at", "id"], name="product_by_change"),
            models.Index(
                fields=["created_at"], condition=Q(status="in_review"), name="product_in_review"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def shown_title(self) -> str:
        """The English title in the shop."""
        return str(self.titles.get(settings.LANGUAGE_CODE) or self.title)


MAX_PACKED_WEIGHT_G = 100_000


class Variant(models.Model):
    """An item for sale: one color, one battery option, one SKU of ours."""

    class Status(models.TextChoices):
        ACTIVE = "active", _("Active")
        PHASING_OUT = "phasing_out", _("Selling off")
        DISCONTINUED = "discontinued", _("Discontinued")

    class Lithium(models.TextChoices):
        """How the lithium cells are packed (IATA); decides which shipping services accept them."""

        NONE = "none", _("No lithium")
        INSIDE = (
            "inside",
            _("Lithium battery in the light"),
        )  # installed in the light: UN3481, PI 967
        WITH = (
            "with",
            _("Lithium battery packed with the light"),
        )  # packed with the light: UN3481, PI 966
        ALONE = "alone", _("Lithium battery only")  # a spare cell: UN3480, PI 965

    product = protected_key(Product, "variants", _("Product"))
    sku = models.CharField(_("SKU"), max_length=40, unique=True)
    option_values = models.JSONField(_("Options"), default=list, blank=True)
    color = models.CharField(_("Color"), max_length=40, blank=True)
    weight_g = models.PositiveIntegerField(_("Weight, g"), null=True, blank=True)
    packed_weight_g = models.PositiveIntegerField(_("Packed weight, g"), null=True, blank=True)
    lithium = models.CharField(_("Lithium"), max_length=10, choices=Lithium, default=Lithium.NONE)
    cell_wh = models.DecimalField(
        _("Cell energy, Wh"), max_digits=7, decimal_places=2, null=True, blank=True
    )
    cell_count = models.PositiveSmallIntegerField(_("Cells"), default=0)
    hs_code = models.CharField(_("Customs code (HS)"), max_length=10, blank=True)
    origin_country = models.CharField(
        _("Country of origin"), max_length=2, blank=True, db_default="", default=""
    )
    position = models.PositiveSmallIntegerField(_("Position"), default=0)
    status = models.CharField(
        _("Status"),
        max_length=15,
        choices=Status,
        default=Status.ACTIVE,
        help_text=_(
            "A variant that is selling off is shown and sold while stock lasts. A discontinued "
            "variant is not sold."
        ),
    )
    replaced_by = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="replaces",
        verbose_name=_("Replaced by"),
        help_text=_(
            "The SKU of the successor. The page of a discontinued product links to it. If an "
            "ordered item cannot be delivered, the customer is offered it instead."
        ),
    )
    # edited by staff: no feed overwrites them
    overridden_fields = models.JSONField(
        _("Locked attributes"),
        default=list,
        db_default=models.Value([], models.JSONField()),
        blank=True,
    )

    class Meta:
        verbose_name = _("variant")
        verbose_name_plural = _("variants")
        indexes = [
            # The search of staff: the end of an SKU.
            models.Index(OpClass(Reverse("sku"), "text_pattern_ops"), name="variant_by_end_of_sku"),
        ]
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
        options = f", {self.options_text}" if self.options_text else ""
        return f"{self.product.shown_title}{options}"[:200]


# The number of an identifier, without the brand or supplier in which it is unique.
NUMBER = Substr("value", StrIndex("value", Value(":")) + 1)


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

    variant = cascading_key(Variant, "identifiers", _("Variant"))
    scheme = models.CharField(_("Identifier type"), max_length=10, choices=Scheme)
    value = models.CharField(_("Number"), max_length=160)
    raw = models.CharField(_("Original value"), max_length=160, blank=True)
    state = models.CharField(_("Status"), max_length=10, choices=State, default=State.ASSERTED)

    class Meta:
        verbose_name = _("identifier")
        verbose_name_plural = _("identifiers")
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
        # The search of staff: the beginning or the end of a number.
        indexes = [
            models.Index(OpClass(NUMBER, "text_pattern_ops"), name="identifier_by_number"),
            models.Index(OpClass(Reverse("value"), "text_pattern_ops"), name="identifier_by_end"),
        ]

    def __str__(self) -> str:
        return f"{self.scheme}:{self.value}"


WIDTHS_PX = (240, 480, 900)
UPLOAD_SCHEME = "upload:"  # prefix of ``Image.source_url`` of an image that staff uploaded


class ImageQuerySet(models.QuerySet["Image"]):
    def waiting(self, now: datetime) -> Self:
        """Return images to fetch: never tried, or due for a retry."""
        return self.filter(stem="").filter(
            models.Q(tries=0, retry_at__isnull=True) | models.Q(retry_at__lte=now)
        )

    def showing(self, *, product: Any, variant: Any, color: Any) -> Self:
        """Return fetched images by relevance: of the variant, its color, the product, others.

        Shape:  values or ``OuterRef``
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
        BEAM = "beam", _("Beam shot")
        PACKAGING = "packaging", _("Packaging")
        OTHER = "other", _("Other image")

    product = cascading_key(Product, "images", _("Product"), db_index=False)
    variant = cascading_key(Variant, "images", _("Variant"), null=True)
    role = models.CharField(_("View"), max_length=10, choices=Role, default=Role.OTHER)
    source_url = models.CharField(_("Source URL"), max_length=500)
    stem = models.CharField(_("Stored file"), max_length=80, blank=True)  # empty: not fetched yet
    width_px = models.PositiveSmallIntegerField(_("Width, px"), null=True, blank=True)
    height_px = models.PositiveSmallIntegerField(_("Height, px"), null=True, blank=True)
    position = models.PositiveSmallIntegerField(_("Position"), default=0)
    # language -> alternative text
    alt_texts = models.JSONField(
        _("Alternative texts"),
        default=dict,
        db_default=models.Value({}, models.JSONField()),
        blank=True,
    )
    problem = models.CharField(_("Problem"), max_length=200, blank=True)
    tries = models.PositiveSmallIntegerField(_("Attempts"), default=0)
    retry_at = models.DateTimeField(_("Next attempt after"), null=True, blank=True)

    objects = ImageQuerySet.as_manager()

    class Meta:
        verbose_name = _("image")
        verbose_name_plural = _("images")
        constraints = [
            models.UniqueConstraint(fields=["product", "source_url"], name="image_once_per_product")
        ]
        indexes = [models.Index(fields=["retry_at"], condition=models.Q(stem=""), name="image_due")]

    def __str__(self) -> str:
        return ": ".join(filter(None, [self.get_role_display(), self.alt_texts.get("en")]))
