"""One product as a shopper sees it in a list, ready in one row."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models

from catalog.models.listing import Channel
from catalog.models.product import Product
from catalog.models.taxonomy import Category


class Card(models.Model):
    """Everything a list page shows, filters, sorts and searches, copied together.

    Written only by ``catalog.shelving``; it can be thrown away and made again.
    A list page reads this one table, so its cost does not grow with the catalog's joins.
    """

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
    available = models.PositiveIntegerField(default=0)
    as_of = models.DateTimeField(null=True)
    ships_from = ArrayField(models.CharField(max_length=2), default=list)
    variant_count = models.PositiveSmallIntegerField(default=1)
    output_lm = models.PositiveIntegerField(null=True)
    intensity_cd = models.PositiveIntegerField(null=True)
    beam_m = models.PositiveIntegerField(null=True)
    runtime_min = models.PositiveIntegerField(null=True)  # on high
    weight_g = models.PositiveIntegerField(null=True)
    ip_rating = models.CharField(max_length=6, blank=True)
    water = models.PositiveSmallIntegerField(null=True)  # 0 none, 1 splash, 2 jets, 3 submersible
    power = ArrayField(models.CharField(max_length=20), default=list)
    battery_format = models.CharField(max_length=20, blank=True)
    features = ArrayField(models.CharField(max_length=20), default=list)
    score = models.IntegerField(default=0)  # best match without a search word
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
