"""Market models: store competitor prices, lists and sources, daily sales, repricing requests."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from catalog.enums import Dialect
from catalog.models.listings import Channel
from catalog.models.products import Variant
from storefront.lib.money import Money
from storefront.lib.security.encryption import SealedField


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

    Shape:  ``dialect`` as in ``competitors.formats``; ``counts`` and ``refused`` are of the
            time it was taken in; ``refused`` holds [line, code, values], in words by
            ``competitors.labels``; of lists before 2026-11-26 [line, sentence]
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


# Price sources

# Nobody answers within less than the next question: see ``competitors.sources.TOTAL_S``.
# A price counts for 7 days: between two answers, one may fail.
OFTENEST_MIN, SELDOMEST_MIN = 5, 3 * 24 * 60


class CompetitorSource(models.Model):
    """An address that tells competitors' prices, and how it went the last times.

    ``secret_sealed`` goes with each question in ``header``. ``remembered`` are the marks by which
    the list that we have is known again. ``problem`` says in words why the last try brought
    nothing, and ``failing_since`` when that began.
    """

    name = models.CharField(max_length=60, unique=True)
    url = models.CharField(max_length=500)
    dialect = models.CharField(
        max_length=10,
        choices=[(Dialect.CSV.value, "CSV"), (Dialect.JSON.value, "JSON")],
        default=Dialect.CSV.value,
    )
    every_min = models.PositiveIntegerField(
        default=60,
        validators=[MinValueValidator(OFTENEST_MIN), MaxValueValidator(SELDOMEST_MIN)],
    )
    is_on = models.BooleanField(default=True)
    header = models.CharField(max_length=60, blank=True)
    secret_sealed = SealedField(blank=True)
    due_at = models.DateTimeField()
    asked_at = models.DateTimeField(null=True, blank=True)
    heard_at = models.DateTimeField(null=True, blank=True)  # the last try that went well
    problem = models.CharField(max_length=300, blank=True)
    failing_since = models.DateTimeField(null=True, blank=True)
    remembered: models.JSONField[dict[str, Any]] = models.JSONField(default=dict, blank=True)
    last_file = models.ForeignKey(
        CompetitorFile, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(every_min__gte=OFTENEST_MIN, every_min__lte=SELDOMEST_MIN),
                name="competitor_source_is_asked_in_time",
            ),
            models.CheckConstraint(
                condition=Q(header="", secret_sealed="") | (~Q(header="") & ~Q(secret_sealed="")),
                name="competitor_source_secret_has_header",
            ),
        ]

    def __str__(self) -> str:
        return self.name
