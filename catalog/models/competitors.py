"""Market models: store competitor prices, lists and sources, daily sales, repricing requests."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from catalog.enums import ListFormat
from catalog.models.listings import Channel
from catalog.models.products import Variant
from storefront.lib.money import Money
from storefront.lib.security.encryption import EncryptedTextField


class MatchMethod(models.TextChoices):
    """The identifier by which a competitor's item matched a variant."""

    SKU = "sku", _("our SKU")
    GTIN = "gtin", _("GTIN")
    MPN = "mpn", _("brand and part number")


class SourceType(models.TextChoices):
    """How a price list reached us."""

    HAND = "hand", _("uploaded by staff")
    API = "api", _("sent by API")
    FETCHED = "fetched", _("fetched from a source")


class ImportOutcome(models.TextChoices):
    """The import result of a matched line."""

    CHANGED = "changed", _("New price")
    CONFIRMED = "confirmed", _("Unchanged")
    OLDER = "older", _("Older than the current price")


class CompetitorPrice(models.Model):
    """The last known price of one competitor for one variant.

    Units:  ``confidence`` of the match, 0 to 1; ``amount`` includes tax if ``has_tax``
    """

    variant = models.ForeignKey(Variant, models.CASCADE, related_name="competitor_prices")
    competitor = models.CharField(max_length=80)  # lowercase: one spelling per competitor
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    currency = models.CharField(max_length=3)
    has_tax = models.BooleanField(default=True)
    url = models.URLField(max_length=500, blank=True)
    as_of = models.DateTimeField()
    confidence = models.DecimalField(max_digits=3, decimal_places=2)
    matched_by = models.CharField(max_length=4, choices=MatchMethod)
    source = models.CharField(max_length=120)
    reported_by = models.CharField(max_length=100)

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
    """A changed competitor price as reported."""

    variant = models.ForeignKey(Variant, models.CASCADE, related_name="+")
    competitor = models.CharField(max_length=80)
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    currency = models.CharField(max_length=3)
    has_tax = models.BooleanField()
    as_of = models.DateTimeField()
    source = models.CharField(max_length=120)
    reported_by = models.CharField(max_length=100)
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


class CompetitorPriceList(models.Model):
    """A competitor price list as received: previewed first, then imported.

    ``as_of`` is the age of the list, if the sender stated it. ``problem`` says why staff must check
    it before import. The ``content`` of lists from machines is cleared after days.
    Shape:  ``list_format`` as in ``competitors.formats``; ``counts`` and ``refused`` are the import
            result; ``refused`` holds [line, code, values], in words by ``competitors.labels``;
            lists before 2026-11-26 hold [line, sentence]
    """

    name = models.CharField(max_length=120)
    content = models.TextField()
    list_format = models.CharField(max_length=10, default="csv")
    source_type = models.CharField(max_length=10, choices=SourceType, default=SourceType.HAND)
    as_of = models.DateTimeField(null=True, blank=True)
    received_at = models.DateTimeField()
    received_by = models.CharField(max_length=100)
    imported_at = models.DateTimeField(null=True, blank=True)
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


class RepricingRequest(models.Model):
    """A variant that waits for repricing because its price inputs changed."""

    variant = models.ForeignKey(Variant, models.CASCADE, related_name="+")
    requested_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.variant_id)


class DailySales(models.Model):
    """Units of a variant sold on a channel on one day (UTC).

    Derived from orders: may be deleted, and is counted again.
    """

    channel = models.ForeignKey(Channel, models.CASCADE, related_name="+")
    variant = models.ForeignKey(Variant, models.CASCADE, related_name="daily_sales")
    day = models.DateField()
    units = models.PositiveIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["channel", "variant", "day"], name="daily_sales_once"),
            models.CheckConstraint(condition=Q(units__gt=0), name="daily_sales_positive"),
        ]
        indexes: ClassVar = [models.Index(fields=["channel", "day"], name="daily_sales_by_day")]

    def __str__(self) -> str:
        return f"{self.variant_id} {self.day}: {self.units}"


# Price sources

# The interval is longer than a fetch may take (``competitors.sources.TOTAL_S``) and short enough
# that one of two fetches may fail before a price expires after 7 days.
MIN_INTERVAL_MIN, MAX_INTERVAL_MIN = 5, 3 * 24 * 60


class CompetitorSource(models.Model):
    """A URL of competitor prices and the result of recent fetches.

    ``secret_encrypted`` is sent in ``header``. ``validators`` holds the validators of the stored
    list.
    ``problem`` says why the last fetch failed, ``failing_since`` when failures began.
    """

    name = models.CharField(max_length=60, unique=True)
    url = models.CharField(max_length=500)
    list_format = models.CharField(
        max_length=10,
        choices=[(ListFormat.CSV.value, "CSV"), (ListFormat.JSON.value, "JSON")],
        default=ListFormat.CSV.value,
    )
    interval_minutes = models.PositiveIntegerField(
        default=60,
        validators=[MinValueValidator(MIN_INTERVAL_MIN), MaxValueValidator(MAX_INTERVAL_MIN)],
    )
    is_enabled = models.BooleanField(default=True)
    header = models.CharField(max_length=60, blank=True)
    secret_encrypted = EncryptedTextField(blank=True)
    due_at = models.DateTimeField()
    asked_at = models.DateTimeField(null=True, blank=True)
    last_success_at = models.DateTimeField(null=True, blank=True)  # the last successful fetch
    problem = models.CharField(max_length=300, blank=True)
    failing_since = models.DateTimeField(null=True, blank=True)
    validators: models.JSONField[dict[str, Any]] = models.JSONField(default=dict, blank=True)
    last_file = models.ForeignKey(
        CompetitorPriceList, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    interval_minutes__gte=MIN_INTERVAL_MIN, interval_minutes__lte=MAX_INTERVAL_MIN
                ),
                name="competitor_source_interval_in_range",
            ),
            models.CheckConstraint(
                condition=Q(header="", secret_encrypted="")
                | (~Q(header="") & ~Q(secret_encrypted="")),
                name="competitor_source_secret_has_header",
            ),
        ]

    def __str__(self) -> str:
        return self.name
