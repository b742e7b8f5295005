"""Promotion models: store promotions, their coupons, limits and redemptions."""

from datetime import datetime
from typing import Self

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from catalog.models import Brand, Category, Channel, Product
from orders.models.order import Order
from storefront.lib.db.constraints import check, unique
from storefront.lib.db.fields import amount_field, cascading_key, protected_key, rate_field

CODE = RegexValidator(r"^[A-Z0-9-]{3,30}$", _("Use 3 to 30 capital letters, digits or hyphens."))


class PromotionQuerySet(models.QuerySet["Promotion"]):
    """Queries of promotions."""

    def redeemable(self, *, channel: Channel | int | OuterRef, now: datetime) -> Self:
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

    channel = protected_key(
        Channel,
        "promotions",
        _("Channel"),
        help_text=_("The promotion is valid in this channel. Amounts are in its currency."),
    )
    # shown to the customer beside the discount
    name = models.CharField(
        _("Name"), max_length=80, help_text=_("Shown to the customer next to the discount.")
    )
    kind = models.CharField(
        _("Discount"),
        max_length=15,
        choices=Kind,
        help_text=_("Each kind asks for its own figures below."),
    )
    percent = rate_field(
        _("Percent off"),
        default=0,
        help_text=_("A fraction: 0.1 is 10 %. Only for percentage discounts."),
    )
    amount = amount_field(
        _("Amount off"),
        default=0,
        help_text=_("In the currency of the channel, once per cart. Otherwise 0."),
    )
    buy_quantity = models.PositiveSmallIntegerField(
        _("Buy"),
        default=0,
        help_text=_("Number of units that are paid. Only for “Buy X, get Y”. Otherwise 0."),
    )
    get_quantity = models.PositiveSmallIntegerField(
        _("Get"),
        default=0,
        help_text=_("Number of the cheapest units that are discounted. Otherwise 0."),
    )
    get_percent = rate_field(
        _("Discount on “Get”"), default=1, help_text=_("A fraction: 1 is free, 0.5 is half price.")
    )
    minimum_amount = amount_field(
        _("Minimum cart value"),
        null=True,
        help_text=_(
            "Value of all items, in the currency of the channel. Leave empty for any cart."
        ),
    )
    products = models.ManyToManyField(
        Product,
        blank=True,
        related_name="+",
        verbose_name=_("Products"),
        help_text=_("Leave all three empty to include every product."),
    )
    categories = models.ManyToManyField(
        Category,
        blank=True,
        related_name="+",
        verbose_name=_("Categories"),
        help_text=_("All products in these categories."),
    )
    brands = models.ManyToManyField(
        Brand,
        blank=True,
        related_name="+",
        verbose_name=_("Brands"),
        help_text=_("All products of these brands."),
    )
    needs_code = models.BooleanField(
        _("Needs a code"),
        default=True,
        help_text=_("If off, every eligible cart gets the promotion."),
    )
    starts_at = models.DateTimeField(_("From, UTC"), help_text=_("Start of the promotion."))
    ends_at = models.DateTimeField(
        _("Until, UTC"), null=True, blank=True, help_text=_("Leave empty for no end date.")
    )
    usage_limit = models.PositiveIntegerField(
        _("Order limit"),
        null=True,
        blank=True,
        help_text=_("Maximum number of orders. Leave empty for no limit."),
    )
    usage_limit_per_customer = models.PositiveSmallIntegerField(
        _("Limit per customer"),
        null=True,
        blank=True,
        help_text=_("Customers are recognized by their e-mail address. Leave empty for no limit."),
    )
    # lowest first
    priority = models.PositiveSmallIntegerField(
        _("Order"),
        default=0,
        help_text=_("Of combined promotions, the lower number applies first."),
    )
    combines = models.BooleanField(
        _("Can be combined"),
        default=False,
        help_text=_(
            "If on, it combines with other promotions that can be combined. If off, "
            "it applies alone. The cart gets the cheapest result."
        ),
    )
    may_go_below_floor = models.BooleanField(
        _("May go below the minimum margin"),
        default=False,
        help_text=_(
            "If on, orders may sell at a loss. If off, the discount stops at the minimum margin."
        ),
    )
    is_active = models.BooleanField(
        _("Active"),
        default=False,
        help_text=_("If off, no cart gets the promotion, with or without a code."),
    )
    used = models.PositiveIntegerField(
        _("Times used"),
        default=0,
        editable=False,
        help_text=_("Counted only while a limit is set."),
    )

    objects = PromotionQuerySet.as_manager()

    class Meta:
        verbose_name = _("promotion")
        verbose_name_plural = _("promotions")
        constraints = [
            check(
                "promotion_within_usage_limit",
                Q(usage_limit__isnull=True) | Q(used__lte=F("usage_limit")),
            ),
            check(
                "promotion_has_value",
                Q(kind="percent", percent__gt=0, percent__lte=1)
                | Q(kind="amount", amount__gt=0)
                | Q(kind="free_delivery")
                | Q(
                    kind="buy_x_get_y",
                    buy_quantity__gte=1,
                    get_quantity__gte=1,
                    get_percent__gt=0,
                    get_percent__lte=1,
                ),
            ),
            check(
                "promotion_ends_after_it_begins",
                Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Coupon(models.Model):
    """A code of a promotion. ``limit`` 1 makes it single-use."""

    promotion = cascading_key(
        Promotion, "coupons", _("Promotion"), help_text=_("The promotion that this code activates.")
    )
    code = models.CharField(
        _("Code"),
        max_length=30,
        unique=True,
        validators=[CODE],
        help_text=_("Capital letters, digits and hyphens. Customers can enter it in lower case."),
    )
    limit = models.PositiveIntegerField(
        _("Order limit"),
        null=True,
        blank=True,
        help_text=_("1 = one order. Leave empty for no limit."),
    )
    used = models.PositiveIntegerField(
        _("Times used"),
        default=0,
        editable=False,
        help_text=_("Counted only while a limit is set."),
    )

    class Meta:
        verbose_name = _("discount code")
        verbose_name_plural = _("discount codes")
        constraints = [
            check("coupon_within_usage_limit", Q(limit__isnull=True) | Q(used__lte=F("limit"))),
            check("coupon_code_format", Q(code__regex=r"^[A-Z0-9-]{3,30}$")),
        ]

    def __str__(self) -> str:
        return self.code


class Redemption(models.Model):
    """One use of a promotion by one order. It is reverted if the order ends unpaid.

    ``place`` is the number of the customer's use: of two concurrent checkouts only one gets the
    last use. ``email`` is the normalized mailbox (``promotions.customers``).
    """

    promotion = protected_key(Promotion, "redemptions", _("Promotion"))
    coupon = models.ForeignKey(
        Coupon, models.PROTECT, null=True, related_name="redemptions", verbose_name=_("Code")
    )
    order = protected_key(Order, "redemptions", _("Order"), db_index=False)
    name = models.CharField(_("Name"), max_length=80)  # its name when the order was placed
    code = models.CharField(_("Code"), max_length=30, blank=True)
    email = models.EmailField(_("E-mail"), max_length=254)
    place = models.PositiveSmallIntegerField(_("Customer use number"), null=True)
    amount = amount_field(_("Amount"))
    at = models.DateTimeField(_("When"))
    reverted_at = models.DateTimeField(_("Released"), null=True)

    class Meta:
        verbose_name = _("promotion use")
        verbose_name_plural = _("promotion uses")
        constraints = [
            unique("redemption_once_per_order", ["order", "promotion"]),
            unique(
                "redemption_within_customers_limit",
                ["promotion", "email", "place"],
                condition=Q(reverted_at__isnull=True),
            ),
            check("redemption_not_negative", Q(amount__gte=0)),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.order_id}"
