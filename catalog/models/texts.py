"""Text models: store the texts of products and options in the other languages of the shop."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from catalog.models.products import Product
from storefront.lib.db.constraints import check
from storefront.lib.db.fields import cascading_key

# The base language is on ``Product`` and in the options of variants.
TRANSLATED_LANGUAGES = [
    (code, name) for code, name in settings.LANGUAGES if code != settings.LANGUAGE_CODE
]


class ProductText(models.Model):
    """The texts of a product in one language. An empty text is missing.

    ``title`` replaces the title that the template of the family makes.
    """

    product = cascading_key(Product, "texts", _("Product"), db_index=False)
    language = models.CharField(_("Language"), max_length=7)
    title = models.CharField(_("Title"), max_length=150, blank=True)
    summary = models.CharField(_("Summary, one sentence"), max_length=300, blank=True)
    # sanitized when written
    description_html = models.TextField(_("Description, as HTML"), blank=True)

    class Meta:
        verbose_name = _("product text")
        verbose_name_plural = _("product texts")
        constraints = [
            models.UniqueConstraint(
                fields=["product", "language"], name="product_text_once_per_language"
            ),
            check("product_text_is_translation", ~models.Q(language=settings.LANGUAGE_CODE)),
        ]

    def __str__(self) -> str:
        return f"{self.product_id}: {self.language}"


class OptionText(models.Model):
    """One option name or value of variants, with its translations by staff.

    ``key`` is the name or value folded for comparison; ``spellings`` are those in use. Rows and
    counts are written by ``texts.option_index``, also for options that staff have not translated.
    """

    class Kind(models.TextChoices):
        NAME = "name", _("Option name")
        VALUE = "value", _("Option value")

    kind = models.CharField(_("Kind"), max_length=5, choices=Kind)
    key = models.CharField(_("Normalized text"), max_length=100)
    spellings = ArrayField(
        models.CharField(max_length=100), default=list, verbose_name=_("Spellings")
    )
    # language -> text
    texts = models.JSONField(_("Translations"), default=dict, blank=True)
    variant_count = models.PositiveIntegerField(_("Variants"), default=0)

    class Meta:
        verbose_name = _("option text")
        verbose_name_plural = _("option texts")
        constraints = [
            models.UniqueConstraint(fields=["kind", "key"], name="option_text_once"),
            check("option_text_kind_is_known", models.Q(kind__in=["name", "value"])),
        ]

    def __str__(self) -> str:
        return self.spellings[0] if self.spellings else self.key
