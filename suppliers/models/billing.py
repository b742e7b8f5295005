"""What a supplier's bills may differ by, and when they are due."""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.db.models import Q


class BillTerms(models.Model):
    """How closely bills are compared (``orders.accounting``), as columns of ``Supplier``.

    Of both tolerances the larger holds. ``bills_within_days`` None: of no shipment is a bill owed.
    """

    bill_tolerance_percent = models.DecimalField(max_digits=5, decimal_places=2, default=Decimal(0))
    bill_tolerance_amount = models.DecimalField(max_digits=12, decimal_places=2, default=Decimal(0))
    bills_within_days = models.PositiveSmallIntegerField(null=True, blank=True)
    billed_ships_within_days = models.PositiveSmallIntegerField(default=14)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(bill_tolerance_percent__gte=0, bill_tolerance_percent__lte=100)
                & Q(bill_tolerance_amount__gte=0),
                name="supplier_tolerances_are_sane",
            ),
        ]
