"""Pricing models: store selling costs, price changes, and prices that a guard stopped.

A price change stores the inputs and steps of the price.
"""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from catalog.enums import BlockReason
from catalog.models.listings import Listing
from catalog.models.price_books import PriceRule
from storefront.lib.db.fields import amount_field, cascading_key, protected_key, rate_field
from storefront.lib.state_machine import Stateful


class SellingCosts(models.Model):
    """The selling costs of one origin and supplier on one channel.

    ``*`` matches all. The most specific row applies; a supplier match ranks above an origin match.
    If ``duty_amount`` is None, the statutory duty applies.

    Units:  amounts are per unit, in the channel's currency; rates are fractions:
            ``supplier_fee_rate`` of the wholesale cost, ``channel_fee_rate`` of the price before
            tax, ``payment_fee_rate`` of the price with tax
    """

    channel = models.ForeignKey(
        "catalog.Channel",
        models.CASCADE,
        related_name="selling_costs",
        verbose_name=_("Channel"),
        help_text=_("Sales channel of the products."),
        db_index=False,
    )
    origin = models.CharField(
        _("Origin (country or *)"),
        max_length=2,
        default="*",
        help_text=_("Two-letter code of the country of origin. * = any other country."),
    )
    supplier_code = models.CharField(
        _("Supplier (code or *)"),
        max_length=30,
        default="*",
        help_text=_("Supplier of the products. * = all suppliers without their own fees."),
    )
    supplier_fee_rate = rate_field(
        _("Supplier fee, of the cost"),
        default=0,
        help_text=_("A fraction of the wholesale cost: 0.02 is 2 %. 0 = none."),
    )
    supplier_fee_amount = models.DecimalField(
        _("Supplier fee, fixed"),
        max_digits=10,
        decimal_places=2,
        default=0,
        help_text=_("In the currency of the channel. 0 = none."),
    )
    freight_amount = models.DecimalField(
        _("Shipping that we pay"),
        max_digits=10,
        decimal_places=2,
        default=0,
        help_text=_(
            "Shipping cost that the customer does not pay, in the currency of the "
            "channel. 0 = none."
        ),
    )
    duty_amount = models.DecimalField(
        _("Duty per unit"),
        max_digits=10,
        decimal_places=2,
        null=True,
        blank=True,
        help_text=_(
            "In the currency of the channel. 0 = none. Leave empty for the statutory duty."
        ),
    )
    handling_amount = models.DecimalField(
        _("Handling"),
        max_digits=10,
        decimal_places=2,
        default=0,
        help_text=_("Our own handling cost, in the currency of the channel. 0 = none."),
    )
    payment_fee_rate = rate_field(
        _("Payment fee, of the price"),
        default=0,
        help_text=_("A fraction of the price with tax: 0.015 is 1.5 %. 0 = none."),
    )
    payment_fee_amount = models.DecimalField(
        _("Payment fee, fixed"),
        max_digits=10,
        decimal_places=2,
        default=0,
        help_text=_("Per unit, in the currency of the channel. 0 = none."),
    )
    channel_fee_rate = rate_field(
        _("Channel fee, of the price before tax"),
        default=0,
        help_text=_("Marketplace fee as a fraction: 0.08 is 8 %. 0 = none."),
    )
    tax_rate = rate_field(
        _("Tax in the price"),
        default=0,
        help_text=_("A fraction of the price before tax: 0.19 is 19 %. 0 = prices exclude tax."),
    )

    class Meta:
        verbose_name = _("selling costs")
        verbose_name_plural = _("selling costs")
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "origin", "supplier_code"], name="selling_costs_once_per_scope"
            ),
            models.CheckConstraint(
                condition=Q(origin__regex=r"^(\*|[A-Z]{2})$") & ~Q(supplier_code=""),
                name="selling_costs_scope_is_named",
                violation_error_message=_("Enter a country in two capital letters, or *."),
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
                violation_error_message=_("Amounts and rates must be 0 or more."),
            ),
            models.CheckConstraint(
                condition=Q(
                    supplier_fee_rate__lt=1,
                    payment_fee_rate__lt=1,
                    channel_fee_rate__lt=1,
                    tax_rate__lt=1,
                ),
                name="selling_costs_rates_are_fractions",
                violation_error_message=_("Enter rates as fractions below 1, such as 0.029."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.origin}/{self.supplier_code}"


class PriceChange(models.Model):
    """A price change; the lowest price of the last 30 days is read from these rows.

    ``amount`` is None if the listing no longer has a price. ``breakdown`` holds the inputs and each
    step, as ``pricing.breakdown.to_json`` writes them.
    """

    listing = models.ForeignKey(
        "catalog.Listing",
        models.CASCADE,
        related_name="price_changes",
        verbose_name=_("Listing"),
        db_index=False,
    )
    amount = amount_field(_("Price"), null=True)
    old_amount = amount_field(_("Previous price"), null=True)
    cost_amount = amount_field(_("Cost"), null=True)
    rule = protected_key(PriceRule, "+", _("Rule"), null=True)
    breakdown = models.JSONField(_("Cost breakdown"), default=dict, blank=True)
    at = models.DateTimeField(_("Time"))

    class Meta:
        verbose_name = _("price change")
        verbose_name_plural = _("price changes")
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


class PriceHold(Stateful):
    """A price that a guard blocked, held for approval.

    Each new calculation overwrites an open hold, so that staff decide on current figures.
    ``is_off_sale``: the current price is below the minimum margin or outside the supplier's bounds,
    so nothing is sold until staff decide.
    """

    class Status(models.TextChoices):
        OPEN = "open", _("Awaiting approval")
        APPROVED = "approved", _("Approved")  # the proposed price is published
        # the current price stays; the same proposal is not held again
        REJECTED = "rejected", _("Rejected")
        # the current price stays, although it is below the minimum margin
        CURRENT_PRICE_KEPT = "price_kept", _("Current price kept")
        SUPERSEDED = "superseded", _("No longer needed")

    TRANSITIONS: ClassVar = {
        Status.OPEN: frozenset(
            {Status.APPROVED, Status.REJECTED, Status.CURRENT_PRICE_KEPT, Status.SUPERSEDED}
        ),
        Status.APPROVED: frozenset(),
        Status.REJECTED: frozenset({Status.OPEN}),
        Status.CURRENT_PRICE_KEPT: frozenset(),
        Status.SUPERSEDED: frozenset(),
    }
    STATUS_FIELDS: ClassVar = {"status": TRANSITIONS}

    listing = cascading_key(Listing, "price_holds", _("Listing"))
    status = models.CharField(_("Status"), max_length=10, choices=Status, default=Status.OPEN)
    status_since = models.DateTimeField(_("Status since"))
    reason = models.CharField(
        _("Reason for review"),
        max_length=20,
        choices=[
            (BlockReason.NO_MARGIN.value, _("Price does not cover the cost")),
            (BlockReason.ZERO.value, _("Rule results in no price")),
            (BlockReason.TOO_HIGH.value, _("Price is implausibly high")),
            (BlockReason.FLOOR_ABOVE_MSRP.value, _("Minimum margin requires more than the MSRP")),
            (BlockReason.MAP_ABOVE_MSRP.value, _("MAP is above MSRP")),
            (BlockReason.MOVED_TOO_FAR.value, _("Changes too much at once")),
            (BlockReason.MOVED_TOO_FAR_TODAY.value, _("Changes too much in a day")),
            (BlockReason.FIRST_TOO_HIGH.value, _("First price is far above its category")),
        ],
    )
    sentence = models.CharField(_("Reason"), max_length=300)
    old_amount = amount_field(_("Previous price"), null=True)
    proposed_amount = amount_field(_("Suggested price"), null=True)
    cost_amount = amount_field(_("Cost"))
    rule = protected_key(PriceRule, "+", _("Rule"))
    breakdown = models.JSONField(_("Cost breakdown"), default=dict)
    is_off_sale = models.BooleanField(_("Unavailable until reviewed"), default=False)
    opened_at = models.DateTimeField(_("Held at"))
    decided_by = models.CharField(_("Decided by"), max_length=100, blank=True)
    decision_reason = models.CharField(_("Decision reason"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("price change to review")
        verbose_name_plural = _("price changes to review")
        constraints = [
            models.UniqueConstraint(
                fields=["listing"],
                condition=Q(status="open"),
                name="price_hold_one_open_per_listing",
            ),
            models.CheckConstraint(
                condition=Q(
                    status__in=["open", "approved", "rejected", "price_kept", "superseded"]
                ),
                name="price_hold_status_is_known",
            ),
            models.CheckConstraint(
                condition=~Q(status="approved") | Q(proposed_amount__gt=0),
                name="price_hold_approved_has_price",
            ),
            models.CheckConstraint(
                condition=~Q(status="price_kept")
                | (Q(old_amount__gt=0) & ~Q(decided_by="") & ~Q(decision_reason="")),
                name="price_hold_kept_has_author_and_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.listing.variant.sku}: {self.get_reason_display()}"
