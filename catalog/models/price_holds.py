"""Price hold model: store a price that a guard stopped, and what staff decided."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from catalog.enums import BlockReason
from catalog.models.listings import Listing
from catalog.models.price_books import PriceRule
from storefront.lib.state_machine import Stateful


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
        Status.REJECTED: frozenset(),
        Status.CURRENT_PRICE_KEPT: frozenset(),
        Status.SUPERSEDED: frozenset(),
    }
    STATUS_FIELDS: ClassVar = {"status": TRANSITIONS}

    listing = models.ForeignKey(
        Listing, models.CASCADE, related_name="price_holds", verbose_name=_("Listing")
    )
    status = models.CharField(_("Status"), max_length=10, choices=Status, default=Status.OPEN)
    status_since = models.DateTimeField(_("Status since"))
    reason = models.CharField(
        _("Reason for review"),
        max_length=20,
        choices=[
            (BlockReason.NO_MARGIN.value, _("price does not cover the cost")),
            (BlockReason.ZERO.value, _("rule results in no price")),
            (BlockReason.TOO_HIGH.value, _("price is implausibly high")),
            (BlockReason.FLOOR_ABOVE_MSRP.value, _("minimum margin requires more than the MSRP")),
            (BlockReason.MAP_ABOVE_MSRP.value, _("MAP is above MSRP")),
            (BlockReason.MOVED_TOO_FAR.value, _("changes too much at once")),
            (BlockReason.MOVED_TOO_FAR_TODAY.value, _("changes too much in a day")),
            (BlockReason.FIRST_TOO_HIGH.value, _("the first price is far above its category")),
        ],
    )
    sentence = models.CharField(_("Reason"), max_length=300)
    old_amount = models.DecimalField(
        _("Previous price"), max_digits=12, decimal_places=2, null=True, blank=True
    )
    proposed_amount = models.DecimalField(
        _("Suggested price"), max_digits=12, decimal_places=2, null=True, blank=True
    )
    cost_amount = models.DecimalField(_("Cost"), max_digits=12, decimal_places=2)
    rule = models.ForeignKey(PriceRule, models.PROTECT, related_name="+", verbose_name=_("Rule"))
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
