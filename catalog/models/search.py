"""Search models: store product cards and search words, which can be rebuilt, and card changes."""

from datetime import timedelta

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.utils.translation import gettext_lazy as _

from catalog.models.categories import Category
from catalog.models.families import FamilyField
from catalog.models.listings import Channel, DeliveryArea
from catalog.models.products import Product, Variant
from storefront.lib.db.fields import amount_field, cascading_key

CHANGE_RETENTION = timedelta(hours=6)


class ProductCard(models.Model):
    """All that a list page shows, filters, sorts and searches, in one row.

    Written only by ``catalog.search.index``; may be deleted and rebuilt. A list page reads only
    this table, without joins.
    """

    class Water(models.IntegerChoices):
        """Water resistance. Immersion does not imply jets: IPX7 does not imply IPX6."""

        NONE = 0, _("Not protected")
        SPLASH = 1, _("Splashes and rain")
        JETS = 2, _("Water jets")
        SUBMERSIBLE = 3, _("Under water")
        JETS_AND_SUBMERSIBLE = 4, _("Water jets and under water")

    channel = cascading_key(Channel, "cards", _("Channel"), db_index=False)
    product = cascading_key(Product, "cards", _("Product"))
    category = cascading_key(Category, "cards", _("Category"))
    slug = models.CharField(_("URL handle"), max_length=120)
    title = models.CharField(_("Title"), max_length=150)
    titles = models.JSONField(_("Titles by language"), default=dict)
    brand = models.CharField(_("Brand"), max_length=80)
    family = FamilyField(_("Family"))
    picture = models.CharField(_("Picture"), max_length=80, blank=True)  # stem of the main image
    # lowest of its variants
    price_amount = amount_field(_("Price"))
    has_more_prices = models.BooleanField(_("Variants differ in price"), default=False)
    as_of = models.DateTimeField(_("As of"), null=True)  # of the newest stock figure
    ships_from = ArrayField(
        models.CharField(max_length=2), default=list, verbose_name=_("Ships from")
    )
    # The variant whose price is shown, its listed quantity and area, and the inputs of the delivery
    # promise. No query filters by these columns.
    variant = cascading_key(Variant, "+", _("Variant"), db_index=False)
    available = models.PositiveIntegerField(_("Available units"), default=0)
    area = models.ForeignKey(
        DeliveryArea,
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        verbose_name=_("Delivered to"),
    )
    packed_weight_g = models.PositiveIntegerField(_("Packed weight, g"), null=True)
    lithium = models.CharField(_("Lithium"), max_length=10, choices=Variant.Lithium, default="none")
    cell_wh = models.DecimalField(_("Cell energy, Wh"), max_digits=7, decimal_places=2, null=True)
    cell_count = models.PositiveSmallIntegerField(_("Cells"), default=0)
    variant_count = models.PositiveSmallIntegerField(_("Variants"), default=1)
    output_lm = models.PositiveIntegerField(_("Output, lm"), null=True)
    intensity_cd = models.PositiveIntegerField(_("Peak intensity, cd"), null=True)
    beam_m = models.PositiveIntegerField(_("Beam distance, m"), null=True)
    runtime_min = models.PositiveIntegerField(_("Runtime, minutes"), null=True)  # on high
    weight_g = models.PositiveIntegerField(_("Weight, g"), null=True)
    ip_rating = models.CharField(_("Water and dust protection"), max_length=7, blank=True)
    water = models.PositiveSmallIntegerField(_("Water protection"), null=True, choices=Water)
    power = ArrayField(models.CharField(max_length=20), default=list, verbose_name=_("Power"))
    battery_format = models.CharField(_("Battery"), max_length=20, blank=True)
    # of a cell sold separately
    capacity_mah = models.PositiveIntegerField(_("Capacity"), null=True)
    features = ArrayField(models.CharField(max_length=20), default=list, verbose_name=_("Features"))
    # of variants in stock
    colors = ArrayField(models.CharField(max_length=20), default=list, verbose_name=_("Colors"))
    # code of ``search.detail_facets`` -> number, or array of values
    details = models.JSONField(_("Values of detail facets"), default=dict)
    # "ES:12": the variant shown is sent from Spain to the countries of area 12.
    sent_from = ArrayField(
        models.CharField(max_length=20), default=list, verbose_name=_("Ships from, by area")
    )
    # best first; in-stock cards rank above the rest
    score = models.IntegerField(_("Rank"), default=0)
    search = SearchVectorField(_("Search words"), null=True)
    added_at = models.DateTimeField(_("Added"))

    class Meta:
        verbose_name = _("product card")
        verbose_name_plural = _("product cards")
        constraints = [
            models.UniqueConstraint(fields=["channel", "product"], name="card_once_per_channel")
        ]
        indexes = [
            models.Index(fields=["channel", "slug"], name="card_by_slug"),
            GinIndex(fields=["search"], name="card_search"),
        ]

    def __str__(self) -> str:
        return self.title


class CardChange(models.Model):
    """The cards that one statement changed, so that processes update their card index.

    A log: without its recent rows, running processes would keep old cards. Written by the triggers
    in ``migrations/sql/card_changes.sql``; pruned after ``CHANGE_RETENTION``.
    """

    channel = cascading_key(Channel, "+", _("Channel"), db_constraint=False, db_index=False)
    transaction_id = models.BigIntegerField(_("Transaction"))
    cards = ArrayField(models.BigIntegerField(), verbose_name=_("Changed cards"))
    at = models.DateTimeField(_("When"))

    class Meta:
        verbose_name = _("card change")
        verbose_name_plural = _("card changes")
        indexes = [models.Index(fields=["channel", "transaction_id"], name="card_change_to_follow")]

    def __str__(self) -> str:
        return f"{self.channel_id}: {len(self.cards)}"


class SearchTerm(models.Model):
    """A word of some card: a candidate for the spelling correction."""

    word = models.CharField(_("Word"), max_length=40, unique=True)

    class Meta:
        verbose_name = _("search term")
        verbose_name_plural = _("search terms")

    def __str__(self) -> str:
        return self.word
