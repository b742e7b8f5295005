"""Product family models: store families, what their products need, how complete each product is."""

import time
from typing import Any

from django import forms
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from catalog.attributes.families import Families, Family, FamilyKind
from storefront.lib.db.constraints import check

CACHE_S = 10.0
_cached: tuple[float, Families] | None = None  # expiry by the monotonic clock


class ProductFamily(models.Model):
    """One family of products, which decides the attributes, category and rules of its products.

    A foreign key of the database ties ``Product.family`` to ``code``
    (``migrations/sql/families.sql``).
    """

    code = models.SlugField(
        _("Code"),
        max_length=20,
        unique=True,
        help_text=_("Identifies the family in exports and the API. It cannot be changed."),
    )
    names = models.JSONField(
        _("Names by language"),
        help_text=_("A missing language shows English."),
    )
    kind = models.CharField(
        _("Kind of product"),
        max_length=10,
        choices=[
            (FamilyKind.LIGHT.value, _("Light")),
            (FamilyKind.BATTERY.value, _("Battery")),
            (FamilyKind.CHARGER.value, _("Charger")),
            (FamilyKind.ACCESSORY.value, _("Accessory")),
        ],
        help_text=_(
            "Determines the checks of claims, the lithium class and what a product needs to be sold."
        ),
    )
    # a slug, not a key: the first import creates a missing category
    category = models.SlugField(
        _("Category of imported products"),
        max_length=60,
        help_text=_("The category that products of suppliers get."),
    )
    sku_prefix = models.CharField(
        _("SKU prefix"),
        max_length=4,
        validators=[RegexValidator(r"^[A-Z]{2,4}$", _("Enter two to four capital letters."))],
        help_text=_("The beginning of our SKUs: two to four capital letters, such as HL."),
    )
    words = ArrayField(
        models.CharField(max_length=60),
        default=list,
        blank=True,
        verbose_name=_("Words in supplier data"),
        help_text=_(
            "Words of titles and categories that name this family, separated by commas. A space"
            " also stands for a hyphen or nothing. End a word with * to accept any ending."
        ),
    )
    match_priority = models.PositiveSmallIntegerField(
        _("Priority of the words"),
        default=25,
        help_text=_("If a title names several families, the lowest number wins."),
    )
    search_words = models.CharField(
        _("Words that customers search for"),
        max_length=300,
        blank=True,
        help_text=_("In all languages, separated by spaces."),
    )
    # language -> template of the title of a product
    title_templates = models.JSONField(_("Title templates by language"), default=dict, blank=True)
    max_first_price_eur = models.PositiveIntegerField(
        _("Highest first price, €"),
        null=True,
        blank=True,
        help_text=_("A higher first price needs approval. Leave empty for no limit."),
    )
    position = models.PositiveSmallIntegerField(
        _("Position"), default=0, help_text=_("The lowest number comes first.")
    )

    class Meta:
        verbose_name = _("product family")
        verbose_name_plural = _("product families")
        constraints = [
            check(
                "product_family_kind_is_known",
                models.Q(kind__in=[kind.value for kind in FamilyKind]),
            ),
            check("product_family_sku_prefix_is_valid", models.Q(sku_prefix__regex="^[A-Z]{2,4}$")),
        ]

    def __str__(self) -> str:
        return str(self.names.get("en", self.code))


def load_families() -> Families:
    """Read all families, in their order."""
    return Families(
        Family(
            code=row.code,
            kind=row.kind,
            names=tuple(sorted(row.names.items())),
            category=row.category,
            sku_prefix=row.sku_prefix,
            words=tuple(row.words),
            match_priority=row.match_priority,
            search_words=row.search_words,
            max_first_price_eur=row.max_first_price_eur,
        )
        for row in ProductFamily.objects.order_by("position", "code")
    )


def cached_families() -> Families:
    """Return all families, at most ten seconds old."""
    global _cached  # noqa: PLW0603 - one value for the process
    if _cached is None or _cached[0] < time.monotonic():
        _cached = (time.monotonic() + CACHE_S, load_families())
    return _cached[1]


def find_family(code: str) -> Family:
    """Return a family, also one that another process has just added.

    Raises: KeyError  there is no such family
    """
    if code not in cached_families():
        clear_family_cache()
    return cached_families()[code]


def clear_family_cache() -> None:
    """Make this process read the families again."""
    global _cached  # noqa: PLW0603 - one value for the process
    _cached = None


class FamilyField(models.CharField):  # type: ignore[type-arg]  # generic for mypy only
    """The code of a family. Forms offer the families; the choices are not part of the field.

    System checks read the choices of a field before the table exists.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"max_length": 20} | options)

    def deconstruct(self) -> Any:
        name, _path, args, options = super().deconstruct()
        return name, "django.db.models.CharField", args, options

    @property
    def flatchoices(self) -> list[tuple[str, str]]:
        """The codes with their names, from which staff pages show the name of a code."""
        return family_choices()

    def formfield(self, *_args: Any, **options: Any) -> Any:
        # The admin passes the text input of a CharField, which would not offer the families.
        replaced = {"max_length", "widget"}
        known = {key: value for key, value in options.items() if key not in replaced}
        return forms.ChoiceField(
            choices=lambda: [("", "---------"), *family_choices()],
            label=self.verbose_name,
            **{"required": not self.blank, "help_text": self.help_text} | known,
        )


def family_name(code: str) -> str:
    """Return the name of a family in the current language."""
    return cached_families().name_in(code, (get_language() or "en")[:2])


def family_choices() -> list[tuple[str, str]]:
    """Return codes with names in the current language, as choices of a form."""
    return [(family.code, family_name(family.code)) for family in cached_families()]


class Requirement(models.Model):
    """What a product needs to be complete, beside what its sale needs (``listings.completeness``).

    An empty family and an empty channel stand for all. ``subject`` is a code of
    ``readiness.subjects``.
    """

    family = FamilyField(_("Family"), blank=True, help_text=_("Leave empty for all families."))
    channel = models.ForeignKey(
        "catalog.Channel",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="requirements",
        verbose_name=_("Channel"),
        help_text=_("Leave empty for all channels."),
    )
    subject = models.CharField(
        _("Needs"),
        max_length=60,
        help_text=_("Texts are needed in each language of the shop."),
    )
    is_required = models.BooleanField(
        _("Required"),
        default=True,
        help_text=_(
            "A product without it is not complete. If off, it is recommended and counts for the "
            "percentage only."
        ),
    )

    class Meta:
        verbose_name = _("completeness requirement")
        verbose_name_plural = _("completeness requirements")
        constraints = [
            models.UniqueConstraint(
                fields=["family", "channel", "subject"],
                nulls_distinct=False,
                name="requirement_once_per_scope",
            )
        ]

    def __str__(self) -> str:
        return f"{self.family or '*'}: {self.subject}"


class Completeness(models.Model):
    """How complete a product is on one channel in one language. Derived, see ``readiness``.

    - ``missing``: codes of what it lacks, required or recommended.
    - ``lacks_required``: something required is missing; ``blocks_sale``: something that the sale
      needs.
    """

    product = models.ForeignKey(
        "catalog.Product",
        models.CASCADE,
        related_name="completeness",
        verbose_name=_("Product"),
        db_index=False,
    )
    channel = models.ForeignKey(
        "catalog.Channel",
        models.CASCADE,
        related_name="+",
        verbose_name=_("Channel"),
        db_index=False,
    )
    language = models.CharField(_("Language"), max_length=8)
    percent = models.PositiveSmallIntegerField(_("Complete, %"))
    missing = ArrayField(models.CharField(max_length=60), verbose_name=_("Missing"))
    lacks_required = models.BooleanField(_("Required values are missing"))
    blocks_sale = models.BooleanField(_("Not for sale"))

    class Meta:
        verbose_name = _("completeness")
        verbose_name_plural = _("completeness")
        constraints = [
            models.UniqueConstraint(
                fields=["product", "channel", "language"], name="completeness_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["channel", "language", "lacks_required", "product"],
                name="completeness_to_filter",
            ),
            GinIndex(fields=["missing"], fastupdate=False, name="completeness_missing"),
        ]

    def __str__(self) -> str:
        return f"{self.product_id}, {self.channel_id}, {self.language}: {self.percent} %"


class StaleCompleteness(models.Model):
    """A product whose completeness is computed again. Triggers insert the rows."""

    product_id = models.BigIntegerField(_("Product"))

    class Meta:
        verbose_name = _("product to check for completeness")
        verbose_name_plural = _("products to check for completeness")

    def __str__(self) -> str:
        return str(self.product_id)
