"""What one supplier asks for one thing today."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from catalog.models import Variant
from suppliers.models.supplier import Supplier


class SupplierOfferQuerySet(models.QuerySet["SupplierOffer"]):
    """Questions about offers."""

    def live(self) -> SupplierOfferQuerySet:
        """Matched, priced, on sale, from a supplier we buy from."""
        return self.filter(
            status="active",
            variant__isnull=False,
            cost_amount__gt=0,
            supplier__status="active",
        )

    def cheapest_first(self) -> SupplierOfferQuerySet:
        return self.order_by("cost_amount", "id")


class SupplierOffer(models.Model):
    """One supplier's SKU: its cost, and the variant of ours that it is.

    ``list_digest`` and ``detail_digest`` tell whether the supplier's words changed since we
    last took them in, so that an unchanged feed writes nothing.
    """

    class Status(models.TextChoices):
        ACTIVE = "active"
        HELD = "held"  # its data cannot be believed; a FeedIssue says why
        GONE = "gone"  # the supplier no longer lists it

    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="offers")
    supplier_sku = models.CharField(max_length=60)
    supplier_product = models.CharField(max_length=60)
    variant = models.ForeignKey(
        Variant, models.PROTECT, null=True, blank=True, related_name="offers"
    )
    title = models.CharField(max_length=200, blank=True)
    cost_amount = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3)
    minimum_quantity = models.PositiveIntegerField(default=1)
    status = models.CharField(max_length=10, choices=Status, default=Status.ACTIVE)
    list_digest = models.CharField(max_length=32, blank=True)
    detail_digest = models.CharField(max_length=32, blank=True)
    seen_at = models.DateTimeField()
    cost_as_of = models.DateTimeField(null=True, blank=True)

    objects = SupplierOfferQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["supplier", "supplier_sku"], name="offer_once_per_supplier_sku"
            ),
            models.CheckConstraint(
                condition=Q(cost_amount__isnull=True) | Q(cost_amount__gt=0),
                name="offer_cost_positive",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["active", "held", "gone"]), name="offer_status_is_known"
            ),
        ]
        indexes = [
            models.Index(fields=["supplier", "supplier_product"], name="offer_by_product"),
        ]

    def __str__(self) -> str:
        return f"{self.supplier_id}:{self.supplier_sku}"


class CostChange(models.Model):
    """A wholesale cost that changed. Append-only."""

    offer = models.ForeignKey(SupplierOffer, models.CASCADE, related_name="cost_changes")
    run = models.ForeignKey("suppliers.FeedRun", models.PROTECT, related_name="cost_changes")
    old_amount = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    new_amount = models.DecimalField(max_digits=12, decimal_places=2)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.offer_id}: {self.old_amount} -> {self.new_amount}"
