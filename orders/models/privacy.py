"""Suppliers who were sent the address of somebody who wants to be forgotten."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from orders.models.purchasing import PurchaseOrder


class SupplierToAsk(models.Model):
    """A supplier keeps an address that we erased; a person asks him to erase it, and says so."""

    purchase_order = models.OneToOneField(
        PurchaseOrder, models.PROTECT, related_name="address_to_forget"
    )
    since = models.DateTimeField()
    asked_at = models.DateTimeField(null=True, blank=True)
    asked_by = models.CharField(max_length=100, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(asked_at=None, asked_by="")
                | (Q(asked_at__isnull=False) & ~Q(asked_by="")),
                name="supplier_asked_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"address of {self.purchase_order_id}"
