"""Search models: store product cards, facet counts and search words, all of them rebuildable."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.utils.translation import gettext_lazy as _

from catalog.models.listings import Area, Channel
from catalog.models.products import Category, Product, Variant


class Card(models.Model):
    """Everything a list page shows, filters, sorts and searches, copied together.

    Written only by ``catalog.search.index``; it can be thrown away and made again.
    A list page reads this one table, so its cost does not grow with the catalog's joins.
    """

    class Water(models.IntegerChoices):
        """What it withstands. Under water is not under a jet: IPX7 does not imply IPX6."""

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
    as_of = models.DateTimeField(null=True)  # of the youngest claim that there is any
    ships_from = ArrayField(models.CharField(max_length=2), default=list)
    # The variant whose price is shown, how many are listed of it, where to, and what a delivery
    # promise is made from. Nothing finds cards by it.
    variant = models.ForeignKey(Variant, models.CASCADE, related_name="+", db_index=False)
    available = models.PositiveIntegerField(default=0)
    area = models.ForeignKey(Area, models.PROTECT, null=True, related_name="+", db_index=False)
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
    capacity_mah = models.PositiveIntegerField(null=True)  # of a cell that is sold as such
    features = ArrayField(models.CharField(max_length=20), default=list)
    colors = ArrayField(models.CharField(max_length=20), default=list)  # of what can be bought
    # "ES:12": the variant shown is sent from Spain to the countries of area 12.
    sent_from = ArrayField(models.CharField(max_length=20), default=list)
    score = models.IntegerField(default=0)  # best first; what is in stock stands above the rest
    search = SearchVectorField(null=True)
    added_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["channel", "product"], name="card_once_per_channel"),
        ]
        indexes = [
            models.Index(fields=["channel", "category", "-score", "id"], name="card_shelf"),
            models.Index(fields=["channel", "-score", "id"], name="card_everything"),
            models.Index(fields=["channel", "slug"], name="card_by_slug"),
            GinIndex(fields=["search"], name="card_search"),
        ]

    def __str__(self) -> str:
        return self.title


class ShelfTally(models.Model):
    """How many cards each choice of a whole shelf brings, counted ahead.

    ``category`` is empty for the shelf of everything; ``in_stock`` maps areas to how many can
    be sent there, ``origins`` maps values of ``Card.sent_from`` to how many cards have them.
    Any change of a card deletes the tallies of its channel, and they are counted again.
    """

    channel = models.ForeignKey(Channel, models.CASCADE, related_name="tallies")
    category = models.ForeignKey(Category, models.CASCADE, null=True, related_name="tallies")
    numbers = models.JSONField()  # as catalog.search.facets.understood reads them
    in_stock = models.JSONField(default=dict)
    origins = models.JSONField(default=dict)
    counted_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "shelf tallies"
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "category"],
                nulls_distinct=False,
                name="shelf_tally_once_per_shelf",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel_id}: {self.category_id or 'all'}"


class SearchWord(models.Model):
    """A word that stands on some card: what a mistyped one may have meant."""

    word = models.CharField(max_length=40, unique=True)

    def __str__(self) -> str:
        return self.word
