"""Search models: store product cards, facet counts and search words, all of them rebuildable."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.utils.translation import gettext_lazy as _

from catalog.models.listings import Channel, DeliveryArea
from catalog.models.products import Category, Product, Variant


class ProductCard(models.Model):
    """All that a list page shows, filters, sorts and searches, in one row.

    Written only by ``catalog.search.index``; may be deleted and rebuilt. A list page reads this one
    table, so its cost does not grow with the catalog's joins.
    """

    class Water(models.IntegerChoices):
        """Water resistance. Immersion does not imply jets: IPX7 does not imply IPX6."""

        NONE = 0, _("Not protected")
        SPLASH = 1, _("Splashes and rain")
        JETS = 2, _("Water jets")
        SUBMERSIBLE = 3, _("Under water")
        JETS_AND_SUBMERSIBLE = 4, _("Water jets and under water")

    channel = models.ForeignKey(Channel, models.CASCADE, related_name="cards")
    product = models.ForeignKey(Product, models.CASCADE, related_name="cards")
    category = models.ForeignKey(Category, models.CASCADE, related_name="cards")
    slug = models.CharField(max_length=120)
    title = models.CharField(max_length=150)
    brand = models.CharField(max_length=80)
    family = models.CharField(max_length=20)
    picture = models.CharField(max_length=80, blank=True)  # stem of the main image
    price_amount = models.DecimalField(max_digits=12, decimal_places=2)  # lowest of its variants
    has_more_prices = models.BooleanField(default=False)
    as_of = models.DateTimeField(null=True)  # of the newest stock figure
    ships_from = ArrayField(models.CharField(max_length=2), default=list)
    # The variant whose price is shown, its listed quantity and area, and the inputs of the delivery
    # promise. No query searches by these.
    variant = models.ForeignKey(Variant, models.CASCADE, related_name="+", db_index=False)
    available = models.PositiveIntegerField(default=0)
    area = models.ForeignKey(
        DeliveryArea, models.PROTECT, null=True, related_name="+", db_index=False
    )
    packed_weight_g = models.PositiveIntegerField(null=True)
    lithium = models.CharField(max_length=10, choices=Variant.Lithium, default="none")
    cell_wh = models.DecimalField(max_digits=7, decimal_places=2, null=True)
    cell_count = models.PositiveSmallIntegerField(default=0)
    variant_count = models.PositiveSmallIntegerField(default=1)
    output_lm = models.PositiveIntegerField(null=True)
    intensity_cd = models.PositiveIntegerField(null=True)
    beam_m = models.PositiveIntegerField(null=True)
    runtime_min = models.PositiveIntegerField(null=True)  # on high
    weight_g = models.PositiveIntegerField(null=True)
    ip_rating = models.CharField(max_length=7, blank=True)
    water = models.PositiveSmallIntegerField(null=True, choices=Water)
    power = ArrayField(models.CharField(max_length=20), default=list)
    battery_format = models.CharField(max_length=20, blank=True)
    capacity_mah = models.PositiveIntegerField(null=True)  # of a cell sold separately
    features = ArrayField(models.CharField(max_length=20), default=list)
    colors = ArrayField(models.CharField(max_length=20), default=list)  # of variants in stock
    # "ES:12": the variant shown is sent from Spain to the countries of area 12.
    sent_from = ArrayField(models.CharField(max_length=20), default=list)
    score = models.IntegerField(default=0)  # best first; in-stock cards rank above the rest
    search = SearchVectorField(null=True)
    added_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["channel", "product"], name="card_once_per_channel"),
        ]
        indexes = [
            models.Index(
                fields=["channel", "category", "-score", "id"], name="product_card_by_category"
            ),
            models.Index(fields=["channel", "-score", "id"], name="product_card_by_score"),
            models.Index(fields=["channel", "slug"], name="card_by_slug"),
            GinIndex(fields=["search"], name="card_search"),
        ]

    def __str__(self) -> str:
        return self.title


class FacetCount(models.Model):
    """The number of cards per facet value of a whole category, counted ahead.

    ``category`` is empty for all categories; ``in_stock`` maps areas to the cards that can be sent
    there, ``origins`` maps values of ``ProductCard.sent_from`` to numbers of cards. Any change of a
    card deletes the counts of its channel; they are counted again.
    """

    channel = models.ForeignKey(Channel, models.CASCADE, related_name="tallies")
    category = models.ForeignKey(Category, models.CASCADE, null=True, related_name="tallies")
    numbers = models.JSONField()  # in the format of catalog.search.facets.parse_counts
    in_stock = models.JSONField(default=dict)
    origins = models.JSONField(default=dict)
    counted_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "facet counts"
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "category"],
                nulls_distinct=False,
                name="facet_count_once_per_category",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel_id}: {self.category_id or 'all'}"


class SearchTerm(models.Model):
    """A word of some card: a candidate for the spelling correction."""

    word = models.CharField(max_length=40, unique=True)

    def __str__(self) -> str:
        return self.word
