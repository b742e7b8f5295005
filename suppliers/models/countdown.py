"""When a supplier's figure really stops containing what we ordered, as we measured it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from suppliers.models.supplier import Supplier


class Countdown(models.Model):
    """What the figures around our own orders showed, of one supplier.

    ``at`` is empty while too few orders stood alone long enough to tell. A sale that was
    ``counted`` was followed by one drop of its size, a ``missed`` one by none; both lags run
    from our order (or his shipment) to the figure that showed it.
    """

    supplier = models.OneToOneField(Supplier, models.CASCADE, related_name="countdown")
    at = models.CharField(max_length=10, choices=Supplier.CountsDownAt, blank=True)
    median_s = models.PositiveIntegerField(null=True, blank=True)
    tail_s = models.PositiveIntegerField(null=True, blank=True)  # no sale took longer
    order_counted = models.PositiveIntegerField(default=0)
    order_missed = models.PositiveIntegerField(default=0)
    shipment_counted = models.PositiveIntegerField(default=0)
    shipment_missed = models.PositiveIntegerField(default=0)
    measured_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(tail_s__isnull=True) | Q(median_s__isnull=False, at__gt=""),
                name="countdown_lag_is_of_something",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.supplier}: {self.at or 'not known'}"
