"""How a wholesale cost becomes a price, and what every price was made of."""

from __future__ import annotations

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q


class PriceRule(models.Model):
    """One markup rule of one channel; a change is a new row, so each price names its rule.

    Units:  rates are fractions; ``extra_amount`` is per unit in the channel's currency
    """

    channel = models.ForeignKey("catalog.Channel", models.PROTECT, related_name="price_rules")
    version = models.PositiveIntegerField()
    fee_rate = models.DecimalField(max_digits=5, decimal_places=4)
    margin_rate = models.DecimalField(max_digits=5, decimal_places=4)
    tax_rate = models.DecimalField(max_digits=5, decimal_places=4)  # included in the price
    extra_amount = models.DecimalField(max_digits=10, decimal_places=2)  # duty, handling
    ending = models.DecimalField(max_digits=3, decimal_places=2, validators=[MinValueValidator(0)])
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["channel", "version"], name="price_rule_version_once"),
            models.CheckConstraint(
                condition=Q(
                    fee_rate__gte=0, margin_rate__gte=0, tax_rate__gte=0, extra_amount__gte=0
                ),
                name="price_rule_parts_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(fee_rate__lt=1 - models.F("margin_rate")),
                name="price_rule_keeps_something",
            ),
            models.CheckConstraint(
                condition=Q(ending__gte=0, ending__lt=1), name="price_rule_ending_is_cents"
            ),
        ]

    def __str__(self) -> str:
        return f"rule {self.version} of channel {self.channel_id}"


class ExchangeRate(models.Model):
    """What one unit of ``base`` costs in ``quote``, who said so and when."""

    base = models.CharField(max_length=3)
    quote = models.CharField(max_length=3)
    rate = models.DecimalField(max_digits=14, decimal_places=6)
    source = models.CharField(max_length=60)
    as_of = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["base", "quote"], name="exchange_rate_once_per_pair"),
            models.CheckConstraint(condition=Q(rate__gt=0), name="exchange_rate_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.base}/{self.quote}"


class PriceChange(models.Model):
    """A price that changed: the lowest of the last 30 days is read from here."""

    listing = models.ForeignKey("catalog.Listing", models.CASCADE, related_name="price_changes")
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    cost_amount = models.DecimalField(max_digits=12, decimal_places=2)
    rule = models.ForeignKey(PriceRule, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.listing_id}: {self.amount}"
