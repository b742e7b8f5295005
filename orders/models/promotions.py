"""Promotion models: store promotions, their coupons, limits and redemptions."""

from __future__ import annotations

from datetime import datetime

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from catalog.models import Brand, Category, Channel, Product
from orders.models.order import Order

CODE = RegexValidator(r"^[A-Z0-9-]{3,30}$", _("Use 3 to 30 capital letters, digits or hyphens."))


class PromotionQuerySet(models.QuerySet["Promotion"]):
    """Queries of promotions."""

    def holding(self, *, channel: Channel | int | OuterRef, now: datetime) -> PromotionQuerySet:
        """Keep promotions that are active now and have uses left."""
        return self.filter(
            Q(ends_at__isnull=True) | Q(ends_at__gt=now),
            Q(usage_limit__isnull=True) | Q(used__lt=F("usage_limit")),
            channel=channel,
            is_active=True,
            starts_at__lte=now,
        )


class Promotion(models.Model):
    """One promotion of one channel. Without a code it applies to every eligible cart.

    Units:  amounts in the channel's currency; ``percent`` and ``get_percent`` are fractions.
            ``used`` counts orders, without those canceled or expired unpaid
    """

    class Kind(models.TextChoices):
        PERCENT = "percent", _("Percentage discount")
        AMOUNT = "amount", _("Fixed amount discount")
        FREE_DELIVERY = "free_delivery", _("Free delivery")
        BUY_X_GET_Y = "buy_x_get_y", _("Buy X, get Y")

    channel = models.ForeignKey(Channel, models.PROTECT, related_name="promotions")
    name = models.CharField(max_length=80)  # shown to the customer beside the discount
    kind = models.CharField(max_length=15, choices=Kind)
    percent = models.DecimalField(max_digits=5, decimal_places=4, default=0)
    amount = models.DecimalField(max_digits=12, decimal_places=2, default=0)
    buy_quantity = models.PositiveSmallIntegerField(default=0)
    get_quantity = models.PositiveSmallIntegerField(default=0)
    get_percent = models.DecimalField(max_digits=5, decimal_places=4, default=1)
    minimum_amount = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    products = models.ManyToManyField(Product, blank=True, related_name="+")
    categories = models.ManyToManyField(Category, blank=True, related_name="+")
    brands = models.ManyToManyField(Brand, blank=True, related_name="+")
    needs_code = models.BooleanField(default=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    usage_limit = models.PositiveIntegerField(null=True, blank=True)
    usage_limit_per_customer = models.PositiveSmallIntegerField(null=True, blank=True)
    priority = models.PositiveSmallIntegerField(default=0)  # lowest first
    combines = models.BooleanField(default=False)
    may_go_below_floor = models.BooleanField(default=False)
    is_active = models.BooleanField(default=False)
    used = models.PositiveIntegerField(default=0, editable=False)

    objects = PromotionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(usage_limit__isnull=True) | Q(used__lte=F("usage_limit")),
                name="promotion_within_usage_limit",
            ),
            models.CheckConstraint(
                condition=Q(kind="percent", percent__gt=0, percent__lte=1)
                | Q(kind="amount", amount__gt=0)
                | Q(kind="free_delivery")
                | Q(
                    kind="buy_x_get_y",
                    buy_quantity__gte=1,
                    get_quantity__gte=1,
                    get_percent__gt=0,
                    get_percent__lte=1,
                ),
                name="promotion_has_value",
            ),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")),
                name="promotion_ends_after_it_begins",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Coupon(models.Model):
    """A code of a promotion. ``limit`` 1 makes it single-use."""

    promotion = models.ForeignKey(Promotion, models.CASCADE, related_name="coupons")
    code = models.CharField(max_length=30, unique=True, validators=[CODE])
    limit = models.PositiveIntegerField(null=True, blank=True)
    used = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(limit__isnull=True) | Q(used__lte=F("limit")),
                name="coupon_within_usage_limit",
            ),
            models.CheckConstraint(
                condition=Q(code__regex=r"^[A-Z0-9-]{3,30}$"), name="coupon_code_format"
            ),
        ]

    def __str__(self) -> str:
        return self.code


class Redemption(models.Model):
    """One use of a promotion by one order. It is reverted if the order ends unpaid.

    ``place`` is the number of the customer's use: of two concurrent checkouts only one gets the
    last use. ``email`` is the normalized mailbox (``promotions.customers``).
    """

    promotion = models.ForeignKey(Promotion, models.PROTECT, related_name="redemptions")
    coupon = models.ForeignKey(Coupon, models.PROTECT, null=True, related_name="redemptions")
    order = models.ForeignKey(Order, models.PROTECT, related_name="redemptions")
    name = models.CharField(max_length=80)  # its name when the order was placed
    code = models.CharField(max_length=30, blank=True)
    email = models.EmailField(max_length=254)
    place = models.PositiveSmallIntegerField(null=True)
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    at = models.DateTimeField()
    reverted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["order", "promotion"], name="redemption_once_per_order"
            ),
            models.UniqueConstraint(
                fields=["promotion", "email", "place"],
                condition=Q(reverted_at__isnull=True),
                name="redemption_within_customers_limit",
            ),
            models.CheckConstraint(condition=Q(amount__gte=0), name="redemption_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.order_id}"
