"""Shipping service model: store the destinations, price, speed and battery limits of a service."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from suppliers.models.inventory import StockLocation


class ShippingService(models.Model):
    """A shipping service from one location to some countries.

    Several rows may share a ``carrier_service``, one for each speed or price.

    Units: amounts in ``currency``, as the customer pays them; days are calendar days in
    transit; cells and batteries are lithium
    """

    location = models.ForeignKey(StockLocation, models.PROTECT, related_name="services")
    code = models.SlugField(max_length=40)
    tier = models.CharField(max_length=12)  # "economy" or "express": what the customer chooses
    carrier_service = models.CharField(max_length=50)  # the supplier's name of the service
    countries = models.JSONField(default=list)  # empty: worldwide
    currency = models.CharField(max_length=3)
    base_amount = models.DecimalField(max_digits=10, decimal_places=2)
    per_kg_amount = models.DecimalField(max_digits=10, decimal_places=2)
    min_days = models.PositiveSmallIntegerField()
    max_days = models.PositiveSmallIntegerField()
    max_weight_g = models.PositiveIntegerField(default=2000)
    accepts_cells_in_equipment = models.BooleanField(default=True)
    accepts_cells_with_equipment = models.BooleanField(default=False)
    accepts_cells_alone = models.BooleanField(default=False)
    max_cell_wh = models.DecimalField(max_digits=6, decimal_places=2, default=20)
    max_battery_wh = models.DecimalField(max_digits=6, decimal_places=2, default=100)
    max_cells = models.PositiveSmallIntegerField(null=True, blank=True)  # empty: no limit
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["location", "code"], name="service_once_per_location"),
            models.CheckConstraint(
                condition=Q(max_days__gte=F("min_days")), name="service_days_in_order"
            ),
            models.CheckConstraint(
                condition=Q(base_amount__gte=0, per_kg_amount__gte=0),
                name="service_price_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} from {self.location}"
