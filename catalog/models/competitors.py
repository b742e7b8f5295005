"""What we hear of the market: what others ask for our goods, and what we sell of them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from catalog.models.listings import Channel
from catalog.models.products import Variant
from storefront.lib.money import Money


class Match(models.TextChoices):
    """By which name a stranger's goods were found to be ours."""

    SKU = "sku", _("our SKU")
    GTIN = "gtin", _("GTIN")
    MPN = "mpn", _("brand and part number")


class CameBy(models.TextChoices):
    """By which way a list of prices came to us."""

    HAND = "hand", _("brought by staff")
    API = "api", _("told by a program")
    FETCHED = "fetched", _("fetched from a source")


class Became(models.TextChoices):
    """What became of a line whose goods are ours."""

    CHANGED = "changed", _("A new price")
    CONFIRMED = "confirmed", _("The price that we know")
    OLDER = "older", _("Older than what we know")


class CompetitorPrice(models.Model):
    """What one shop was last seen to ask for one variant.

    Units:  ``confidence`` that it is the same goods, 0 to 1; ``amount`` with tax or without,
            as ``has_tax`` says
    """

    variant = models.ForeignKey(Variant, models.CASCADE, related_name="competitor_prices")
    competitor = models.CharField(max_length=80)  # in small letters: one shop, one spelling
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    currency = models.CharField(max_length=3)
    has_tax = models.BooleanField(default=True)
    url = models.URLField(max_length=500, blank=True)
    as_of = models.DateTimeField()
    confidence = models.DecimalField(max_digits=3, decimal_places=2)
    matched_by = models.CharField(max_length=4, choices=Match)
    source = models.CharField(max_length=120)
    told_by = models.CharField(max_length=100)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["variant", "competitor"], name="competitor_price_once_per_shop"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="competitor_price_positive"),
            models.CheckConstraint(
                condition=Q(confidence__gte=0, confidence__lte=1),
                name="competitor_price_confidence_is_fraction",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.competitor}: {self.price}"

    @property
    def price(self) -> Money:
        return Money(self.amount, self.currency)


class CompetitorPriceChange(models.Model):
    """A price of another shop as it was told, whenever it was another one. Never changed."""

    variant = models.ForeignKey(Variant, models.CASCADE, related_name="+")
    competitor = models.CharField(max_length=80)
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    currency = models.CharField(max_length=3)
    has_tax = models.BooleanField()
    as_of = models.DateTimeField()
    source = models.CharField(max_length=120)
    told_by = models.CharField(max_length=100)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["variant", "competitor", "at"], name="competitor_change_by_shop")
        ]

    def __str__(self) -> str:
        return f"{self.competitor}: {self.price}"

    @property
    def price(self) -> Money:
        return Money(self.amount, self.currency)


class CompetitorFile(models.Model):
    """A list of competitors' prices as it came: looked at first, then taken in.

    ``as_of`` is how old the list is, where who sent it said so. ``problem`` says why a person is
    to look at it before it counts. The ``content`` of what machines told is emptied after days.

    Shape:  ``dialect`` as in ``competitor_dialects``; ``counts`` and ``refused`` are of the
            time it was taken in; ``refused`` holds [line, code, values], in words by
            ``competitor_words``; of lists before 2026-11-26 [line, sentence]
    """

    name = models.CharField(max_length=120)
    content = models.TextField()
    dialect = models.CharField(max_length=10, default="csv")
    came_by = models.CharField(max_length=10, choices=CameBy, default=CameBy.HAND)
    as_of = models.DateTimeField(null=True, blank=True)
    received_at = models.DateTimeField()
    received_by = models.CharField(max_length=100)
    taken_at = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=300, blank=True)
    counts = models.JSONField(default=dict, blank=True)
    refused = models.JSONField(default=list, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["received_by", "-received_at"],
                condition=~Q(content=""),
                name="competitor_file_with_content",
            )
        ]

    def __str__(self) -> str:
        return self.name


class WaitingPrice(models.Model):
    """A variant whose prices wait to be counted anew: something changed that they hang on."""

    variant = models.ForeignKey(Variant, models.CASCADE, related_name="+")
    asked_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.variant_id)


class SalesTally(models.Model):
    """How many units of a variant were sold on a channel on one day (UTC).

    A copy of what orders say: may be deleted, and is counted again.
    """

    channel = models.ForeignKey(Channel, models.CASCADE, related_name="+")
    variant = models.ForeignKey(Variant, models.CASCADE, related_name="sales_tallies")
    day = models.DateField()
    units = models.PositiveIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["channel", "variant", "day"], name="sales_tally_once_per_day"
            ),
            models.CheckConstraint(condition=Q(units__gt=0), name="sales_tally_sold_something"),
        ]
        indexes: ClassVar = [models.Index(fields=["channel", "day"], name="sales_tally_by_day")]

    def __str__(self) -> str:
        return f"{self.variant_id} {self.day}: {self.units}"
