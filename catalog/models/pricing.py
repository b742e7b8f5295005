"""Pricing models: store selling costs, price books with their rules, and price changes.

A price change stores the inputs and steps of the price.
"""

from __future__ import annotations

from typing import ClassVar

from django.core.serializers.json import DjangoJSONEncoder
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from catalog.enums import Basis, Method
from catalog.models.products import Brand, Category, Product, Variant
from storefront.lib.state_machine import Stateful


class SellingCosts(models.Model):
    """The selling costs of one origin and supplier on one channel.

    ``*`` matches any; the most specific row applies, the supplier before the origin.
    Units:  amounts per unit in the channel's currency, rates are fractions; ``supplier_fee_rate``
            of the wholesale cost, ``channel_fee_rate`` of the price before tax,
            ``payment_fee_rate`` of the price with tax; ``duty_amount`` None: the statutory duty
    """

    channel = models.ForeignKey("catalog.Channel", models.CASCADE, related_name="selling_costs")
    origin = models.CharField(_("Origin (country or *)"), max_length=2, default="*")
    supplier_code = models.CharField(_("Supplier (code or *)"), max_length=30, default="*")
    supplier_fee_rate = models.DecimalField(
        _("Supplier fee, of the cost"), max_digits=5, decimal_places=4, default=0
    )
    supplier_fee_amount = models.DecimalField(
        _("Supplier fee, fixed"), max_digits=10, decimal_places=2, default=0
    )
    freight_amount = models.DecimalField(
        _("Shipping that we pay"), max_digits=10, decimal_places=2, default=0
    )
    duty_amount = models.DecimalField(
        _("Duty (empty: by law)"), max_digits=10, decimal_places=2, null=True, blank=True
    )
    handling_amount = models.DecimalField(_("Handling"), max_digits=10, decimal_places=2, default=0)
    payment_fee_rate = models.DecimalField(
        _("Payment fee, of the price"), max_digits=5, decimal_places=4, default=0
    )
    payment_fee_amount = models.DecimalField(
        _("Payment fee, fixed"), max_digits=10, decimal_places=2, default=0
    )
    channel_fee_rate = models.DecimalField(
        _("Channel fee, of the price before tax"), max_digits=5, decimal_places=4, default=0
    )
    tax_rate = models.DecimalField(_("Tax in the price"), max_digits=5, decimal_places=4, default=0)

    class Meta:
        verbose_name_plural = "landing terms"
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "origin", "supplier_code"], name="selling_costs_once_per_scope"
            ),
            models.CheckConstraint(
                condition=Q(origin__regex=r"^(\*|[A-Z]{2})$") & ~Q(supplier_code=""),
                name="selling_costs_scope_is_named",
            ),
            models.CheckConstraint(
                condition=Q(
                    supplier_fee_rate__gte=0,
                    supplier_fee_amount__gte=0,
                    freight_amount__gte=0,
                    handling_amount__gte=0,
                    payment_fee_rate__gte=0,
                    payment_fee_amount__gte=0,
                    channel_fee_rate__gte=0,
                    tax_rate__gte=0,
                )
                & (Q(duty_amount__isnull=True) | Q(duty_amount__gte=0)),
                name="selling_costs_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.origin}/{self.supplier_code}"


# Price books, rules and price changes


class PriceBook(Stateful):
    """One version of all price rules of a channel, with its guards.

    Editable while a draft; a book that went live never changes, so each price has a fixed origin.
    ``restored_from`` is the earlier book whose rules it brought back. ``dry_run_result`` is the
    result of its dry run, cleared by any change.
    Units:  rates are fractions; None is no limit
    """

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        LIVE = "live", _("Live")
        RETIRED = "retired", _("Retired")

    TRANSITIONS: ClassVar = {
        Status.DRAFT: frozenset({Status.LIVE}),
        Status.LIVE: frozenset({Status.RETIRED}),
        Status.RETIRED: frozenset(),
    }
    STATUS_FIELDS: ClassVar = {"status": TRANSITIONS}

    channel = models.ForeignKey("catalog.Channel", models.PROTECT, related_name="price_books")
    version = models.PositiveIntegerField()
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    status_since = models.DateTimeField()
    made_by = models.CharField(max_length=100)
    made_at = models.DateTimeField()
    live_at = models.DateTimeField(null=True, blank=True)
    restored_from = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="restored_by"
    )
    note = models.CharField(_("Note"), max_length=300, blank=True)
    floor_margin_rate = models.DecimalField(
        _("Minimum margin"), max_digits=5, decimal_places=4, default=0
    )
    max_change_per_run = models.DecimalField(
        _("Maximum change at once"), max_digits=5, decimal_places=4, null=True, blank=True
    )
    max_change_per_day = models.DecimalField(
        _("Maximum change per day"), max_digits=5, decimal_places=4, null=True, blank=True
    )
    revision = models.PositiveIntegerField(default=0)  # number of changes to the draft
    dry_run_result = models.JSONField(null=True, blank=True, encoder=DjangoJSONEncoder)
    dry_run_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["channel", "version"], name="price_book_version_once"),
            models.UniqueConstraint(
                fields=["channel"],
                condition=Q(status="live"),
                name="price_book_one_live_per_channel",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "live", "retired"]),
                name="price_book_status_is_known",
            ),
            models.CheckConstraint(
                condition=Q(status="draft") | Q(live_at__isnull=False),
                name="price_book_live_has_time",
            ),
            models.CheckConstraint(
                condition=Q(floor_margin_rate__gte=0, floor_margin_rate__lt=1),
                name="price_book_floor_is_fraction",
            ),
            models.CheckConstraint(
                condition=(Q(max_change_per_run__isnull=True) | Q(max_change_per_run__gt=0))
                & (Q(max_change_per_day__isnull=True) | Q(max_change_per_day__gt=0)),
                name="price_book_change_limits_positive",
            ),
        ]

    def __str__(self) -> str:
        return f"v{self.version}"


class PriceRule(models.Model):
    """One rule of a book: its scope, basis and method.

    An empty scope field matches all; the most specific rule wins (``rule_selection``). ``tiers``
    are pairs [from wholesale cost, value] as text, lowest first, above ``value``.
    Units:  ``value`` is a fraction, or an amount if the method is fixed; ``step`` and ``ending`` in
            the channel's currency
    """

    book = models.ForeignKey(PriceBook, models.CASCADE, related_name="rules")
    number = models.PositiveIntegerField(_("Number"))
    category = models.ForeignKey(
        Category, models.PROTECT, null=True, blank=True, related_name="price_rules"
    )
    brand = models.ForeignKey(
        Brand, models.PROTECT, null=True, blank=True, related_name="price_rules"
    )
    supplier_code = models.CharField(_("Supplier (code)"), max_length=30, blank=True)
    product = models.ForeignKey(
        Product, models.PROTECT, null=True, blank=True, related_name="price_rules"
    )
    variant = models.ForeignKey(
        Variant, models.PROTECT, null=True, blank=True, related_name="price_rules"
    )
    basis = models.CharField(
        _("Based on"),
        max_length=5,
        choices=[
            (Basis.COST.value, _("landed cost")),
            (Basis.MAP.value, _("lowest advertised price (MAP)")),
            (Basis.MSRP.value, _("suggested price (MSRP)")),
        ],
        default=Basis.COST.value,
    )
    method = models.CharField(
        _("How"),
        max_length=6,
        choices=[
            (Method.MARKUP.value, _("markup: a fraction of the basis, on top of it")),
            (Method.MARGIN.value, _("margin: a fraction of the price before tax")),
            (Method.FIXED.value, _("fixed amount on top of the basis")),
        ],
        default=Method.MARGIN.value,
    )
    value = models.DecimalField(_("Value"), max_digits=12, decimal_places=4)
    tiers = models.JSONField(_("Tiers"), default=list, blank=True)
    step = models.DecimalField(_("Step"), max_digits=8, decimal_places=2, default=1)
    ending = models.DecimalField(
        _("Ending"), max_digits=8, decimal_places=2, validators=[MinValueValidator(0)]
    )
    starts_at = models.DateTimeField(_("Starts"), null=True, blank=True)
    ends_at = models.DateTimeField(_("Ends"), null=True, blank=True)
    is_promotion = models.BooleanField(_("Announced as a reduction"), default=False)
    undercut_rate = models.DecimalField(
        _("Stay below competitor by"), max_digits=5, decimal_places=4, null=True, blank=True
    )
    low_cover_days = models.PositiveSmallIntegerField(
        _("Raise if stock lasts fewer days"), null=True, blank=True
    )
    raise_rate = models.DecimalField(_("Raise by"), max_digits=5, decimal_places=4, default=0)
    high_cover_days = models.PositiveSmallIntegerField(
        _("Lower if stock lasts more days"), null=True, blank=True
    )
    lower_rate = models.DecimalField(_("Lower by"), max_digits=5, decimal_places=4, default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["book", "number"], name="price_rule_number_once"),
            models.CheckConstraint(
                condition=Q(basis__in=["cost", "map", "msrp"])
                & Q(method__in=["markup", "margin", "fixed"]),
                name="price_rule_choices_are_known",
            ),
            models.CheckConstraint(
                condition=~Q(method="margin") | Q(basis="cost", value__gte=0, value__lt=1),
                name="price_rule_margin_is_of_cost",
            ),
            models.CheckConstraint(
                condition=Q(value__gte=0)
                | (~Q(basis="cost") & (Q(method="fixed") | Q(value__gt=-1))),
                name="price_rule_does_not_ask_less_than_cost",
            ),
            models.CheckConstraint(
                condition=Q(step__gt=0, ending__gte=0, ending__lt=F("step")),
                name="price_rule_ending_is_below_step",
            ),
            models.CheckConstraint(
                condition=Q(starts_at__isnull=True)
                | Q(ends_at__isnull=True)
                | Q(ends_at__gt=F("starts_at")),
                name="price_rule_ends_after_start",
            ),
            models.CheckConstraint(
                condition=Q(is_promotion=False) | Q(starts_at__isnull=False, ends_at__isnull=False),
                name="price_rule_promotion_ends",
            ),
            models.CheckConstraint(
                condition=(
                    Q(undercut_rate__isnull=True) | Q(undercut_rate__gte=0, undercut_rate__lt=1)
                )
                & Q(raise_rate__gte=0, lower_rate__gte=0, lower_rate__lt=1)
                & (
                    Q(low_cover_days__isnull=True)
                    | Q(high_cover_days__isnull=True)
                    | Q(high_cover_days__gte=F("low_cover_days"))
                ),
                name="price_rule_market_limits_in_range",
            ),
            models.CheckConstraint(
                condition=Q(tiers=[]) | Q(tiers__0__isnull=False),
                name="price_rule_tiers_are_a_list",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.book_id}/{self.number}"


class PriceChange(models.Model):
    """A price change; the lowest price of the last 30 days is read from these rows.

    ``amount`` is None if the price was lost. ``breakdown`` holds the inputs and each step, as
    ``pricing.breakdown.snapshot`` writes them.
    """

    listing = models.ForeignKey("catalog.Listing", models.CASCADE, related_name="price_changes")
    amount = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    old_amount = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    cost_amount = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    rule = models.ForeignKey(PriceRule, models.PROTECT, null=True, blank=True, related_name="+")
    breakdown = models.JSONField(default=dict, blank=True)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["listing", "at"], name="price_change_by_listing")]
        constraints = [
            models.CheckConstraint(
                condition=Q(cost_amount__isnull=False, rule__isnull=False, amount__isnull=False)
                | Q(amount__isnull=True, old_amount__isnull=False),
                name="price_change_has_inputs",
            )
        ]

    def __str__(self) -> str:
        return f"{self.listing_id}: {self.amount}"
