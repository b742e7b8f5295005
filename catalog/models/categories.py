"""Category models: store categories and brands."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from catalog.enums import EU
from storefront.lib.db.fields import StoredGeneratedField, cascading_key


class Category(models.Model):
    """A category; ``names`` and ``intros`` hold its texts per locale.

    Its products are not shipped to ``restricted_countries``; a product can restrict further ones.
    """

    slug = models.SlugField(
        _("URL handle"),
        max_length=60,
        unique=True,
        help_text=_("Lower-case letters and hyphens. Old links stop working if you change it."),
    )
    names = models.JSONField(
        _("Name in each language"),
        default=dict,
        help_text=_("A missing language shows English."),
    )
    intros = models.JSONField(
        _("Introduction in each language"),
        default=dict,
        blank=True,
        help_text=_("Shown above the products and by search engines."),
    )
    families = models.JSONField(
        _("Product families"),
        default=list,
        help_text=_(
            "Home page guides for these families link to this category. Select none to allow all."
        ),
    )
    google_id = models.PositiveIntegerField(
        _("Google product category ID"),
        null=True,
        blank=True,
        help_text=_("For product feeds only. The shop does not use it. Optional."),
    )
    position = models.PositiveSmallIntegerField(
        _("Position"), default=0, help_text=_("The lowest number comes first.")
    )
    # country codes; empty: no restriction
    restricted_countries = ArrayField(
        models.CharField(max_length=2),
        default=list,
        db_default=[],
        blank=True,
        verbose_name=_("Restricted countries"),
        help_text=_(
            "Country codes, such as DE, FR. No product in this category ships there. Leave empty "
            "for none. Orders that are not submitted yet are put on hold."
        ),
    )

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")

    def __str__(self) -> str:
        return self.name_in((get_language() or "en")[:2])

    def name_in(self, locale: str) -> str:
        return str(self.names.get(locale) or self.names.get("en") or self.slug)

    def has_family(self, family: str) -> bool:
        return not self.families or family in self.families

    def intro_in(self, locale: str) -> str:
        return str(self.intros.get(locale) or self.intros.get("en") or "")


# Each role and part is a column of ``Brand``, such as ``manufacturer_name``.
CONTACT_ROLES, CONTACT_PARTS = (
    ("manufacturer", "responsible"),
    ("name", "address", "country", "email"),
)


class Brand(models.Model):
    """A brand, its manufacturer, and the manufacturer's responsible person in the EU.

    ``key`` is the name folded for comparison. Products of a manufacturer outside the EU are not
    sold to the EU while no responsible person is known (Regulation (EU) 2023/988, article 16).
    """

    name = models.CharField(_("Name"), max_length=80)
    key = models.CharField(_("Normalized name"), max_length=80, unique=True)
    manufacturer_name = models.CharField(
        _("Name"),
        max_length=120,
        blank=True,
        db_default="",
        default="",
        help_text=_("As on the product or its packaging."),
    )
    manufacturer_address = models.CharField(
        _("Postal address"),
        max_length=300,
        blank=True,
        db_default="",
        default="",
        help_text=_("Shown on the product page; without the country."),
    )
    manufacturer_country = models.CharField(
        _("Country"),
        max_length=2,
        blank=True,
        db_default="",
        default="",
        help_text=_(
            "A manufacturer outside the EU needs a responsible person in "
            "the EU: without one its products are not sold to the EU."
        ),
    )
    manufacturer_email = models.EmailField(
        _("E-mail"),
        max_length=254,
        blank=True,
        db_default="",
        default="",
        help_text=_("Shown on the product page."),
    )
    responsible_name = models.CharField(
        _("Name"),
        max_length=120,
        blank=True,
        db_default="",
        default="",
        help_text=_("Importer, authorized representative or fulfillment provider."),
    )
    responsible_address = models.CharField(
        _("Postal address"),
        max_length=300,
        blank=True,
        db_default="",
        default="",
        help_text=_("Shown on the product page; without the country."),
    )
    responsible_country = models.CharField(
        _("Country"),
        max_length=2,
        blank=True,
        db_default="",
        default="",
        help_text=_("Two letters of an EU country."),
    )
    responsible_email = models.EmailField(
        _("E-mail"),
        max_length=254,
        blank=True,
        db_default="",
        default="",
        help_text=_("Shown on the product page."),
    )
    # Its name is an alias of this brand; it has no products. Old price books still name it.
    merged_into = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=_("Merged into"),
    )
    # Staff entered or removed the responsible person, so feeds no longer change it.
    is_responsible_locked = models.BooleanField(
        _("Locked"),
        db_default=False,
        default=False,
        help_text=_("If on, feeds do not change it. It is locked when staff change or remove it."),
    )
    lacks_responsible_person = StoredGeneratedField(
        expression=models.ExpressionWrapper(
            ~Q(manufacturer_country__in=["", *sorted(EU)]) & Q(responsible_name=""),
            output_field=models.BooleanField(),
        ),
        output_field=models.BooleanField(),
        verbose_name=_("Not sold to the EU: no responsible person"),
    )

    class Meta:
        verbose_name = _("brand")
        verbose_name_plural = _("brands")
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
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def restricted_countries(self) -> frozenset[str]:
        return EU if self.lacks_responsible_person else frozenset()


class BrandAlias(models.Model):
    """Another spelling of a brand, such as the name that a supplier writes.

    ``key`` is the spelling folded for comparison (``brand_key``).
    """

    brand = cascading_key(Brand, "aliases", _("Brand"))
    name = models.CharField(_("Name"), max_length=80)
    key = models.CharField(_("Normalized name"), max_length=80, unique=True)

    class Meta:
        verbose_name = _("brand alias")
        verbose_name_plural = _("brand aliases")
        constraints = [models.CheckConstraint(condition=~Q(key=""), name="brand_alias_has_a_key")]

    def __str__(self) -> str:
        return self.name
